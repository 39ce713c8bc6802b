"""Between microphone and encoder: the echo of the loudspeaker is taken away, and noise, and rumble."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from device.media.voice.encoder import BLOCKS_PER_PACKET
from device.media.voice.reference import EchoReference
from device.media.voice.settings import BY_ROUTE, VoiceSettings
from device.media.voice.webrtc import WebrtcProcessing
from hal import AudioMode


class VoiceProcessing(Protocol):
    """``use`` in the event loop; ``played`` and ``captured`` in a thread each."""

    def use(self, mode: AudioMode) -> None:
        """The route is another one."""

    def played(self, block: bytes) -> bytes:
        """The loudspeaker gets this; it is given back as it is."""

    def captured(self, block: bytes) -> Sequence[bytes]:
        """A block comes from the microphone, just now; gives the cleaned ones that are ready."""


class NoProcessing:
    """The microphone as it is."""

    def use(self, mode: AudioMode) -> None:
        pass

    def played(self, block: bytes) -> bytes:
        return block

    def captured(self, block: bytes) -> Sequence[bytes]:
        return (block,)


class EchoCancelling:
    """WebRTC's processing, set as each route needs it.

    The blocks of a packet are cleaned together, when the last has come: a third of the work is to get
    the canceller's megabyte back into the processor's caches.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Set for the loudspeaker. Raises MediaError without the library."""
        self._clock = clock
        self._waiting: list[tuple[bytes, float]] = []
        self.use(AudioMode.SPEAKER)

    def use(self, mode: AudioMode) -> None:
        # Another loudspeaker in another place, on another clock: nothing that was learnt holds.
        self._route = _Route(BY_ROUTE[mode])

    def played(self, block: bytes) -> bytes:
        self._route.reference.played(block, self._clock())
        return block

    def captured(self, block: bytes) -> Sequence[bytes]:
        self._waiting.append((block, self._clock()))
        if len(self._waiting) < BLOCKS_PER_PACKET:
            return ()
        waiting, self._waiting = self._waiting, []
        route = self._route
        return [route.captured(block, at_s) for block, at_s in waiting]


class _Route:
    """What is learnt of one route, from its choice to the next."""

    def __init__(self, settings: VoiceSettings) -> None:
        self.reference = EchoReference()
        self._settings = settings
        self._webrtc = WebrtcProcessing(settings)

    def captured(self, block: bytes, at_s: float) -> bytes:
        if self._settings.echo_cancelling:
            self._webrtc.take_reference(self.reference.read(at_s).tobytes())
        return self._webrtc.process(block)


def processing(echo_cancelling: bool) -> VoiceProcessing:
    """Raises MediaError when there is to be echo cancelling and the library is missing."""
    return EchoCancelling() if echo_cancelling else NoProcessing()
