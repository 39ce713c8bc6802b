"""Transport-wide sequence numbers: one count over all packets of a link, whichever stream they are of.

draft-holmer-rmcat-transport-wide-cc-extensions-01 section 2: a header extension of two bytes.
"""

from collections.abc import Callable, Sequence

import aiortc.codecs
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpHeaderExtensionParameters

URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
EXTENSION_ID = 4
"""In offers of this end; aiortc itself has 1 to 3."""
FEEDBACK = RTCRtcpFeedback(type="transport-cc")


def install() -> None:
    """Offer it for sound and pictures alike, in this process. Idempotent."""
    for extensions in aiortc.codecs.HEADER_EXTENSIONS.values():
        if all(extension.uri != URI for extension in extensions):
            extensions.append(RTCRtpHeaderExtensionParameters(id=EXTENSION_ID, uri=URI))
    for codecs in aiortc.codecs.CODECS.values():
        for codec in codecs:
            if not aiortc.codecs.is_rtx(codec) and FEEDBACK not in codec.rtcpFeedback:
                codec.rtcpFeedback.append(FEEDBACK)


class TransportNumbers:
    """Of one link. ``on_sent`` is told of packets that leave together: the number of the first, the size
    of each in bytes, and when."""

    def __init__(self, on_sent: Callable[[int, Sequence[int], float], None]) -> None:
        self._on_sent = on_sent
        self._next = 0

    def take(self, sizes_bytes: Sequence[int], at_s: float) -> list[int]:
        """The numbers of packets that leave now."""
        first = self._next
        self._next = (first + len(sizes_bytes)) & 0xFFFF
        self._on_sent(first, sizes_bytes, at_s)
        return [(first + at) & 0xFFFF for at in range(len(sizes_bytes))]
