"""Between microphone and encoder: the echo of the loudspeaker is taken away, and noise, and rumble."""

import time
from collections.abc import Callable
from typing import Protocol

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

    def captured(self, block: bytes) -> bytes:
        """A captured block, cleaned."""


class NoProcessing:
    """The microphone as it is."""

    def use(self, mode: AudioMode) -> None:
        pass

    def played(self, block: bytes) -> bytes:
        return block

    def captured(self, block: bytes) -> bytes:
        return block


class EchoCancelling:
    """WebRTC's processing, set as each route needs it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Set for the loudspeaker. Raises MediaError without the library."""
        self._clock = clock
        self.use(AudioMode.SPEAKER)

    def use(self, mode: AudioMode) -> None:
        # Another loudspeaker in another place, on another clock: nothing that was learnt holds.
        self._route = _Route(BY_ROUTE[mode])

    def played(self, block: bytes) -> bytes:
        self._route.reference.played(block, self._clock())
        return block

    def captured(self, block: bytes) -> bytes:
        return self._route.captured(block, self._clock())


class _Route:
    """What is learnt of one route, from its choice to the next."""

    def __init__(self, settings: VoiceSettings) -> None:
        self.reference = EchoReference()
        self._settings = settings
        self._webrtc = WebrtcProcessing(settings)

    def captured(self, block: bytes, now_s: float) -> bytes:
        if self._settings.echo_cancelling:
            self._webrtc.take_reference(self.reference.read(now_s).tobytes())
        return self._webrtc.process(block)


def processing(echo_cancelling: bool) -> VoiceProcessing:
    """Raises MediaError when there is to be echo cancelling and the library is missing."""
    return EchoCancelling() if echo_cancelling else NoProcessing()
