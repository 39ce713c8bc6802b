"""WebRTC's audio processing (AEC3), as livekit's package has it. The only place that imports it."""

from typing import Any

from device.errors import MediaError
from device.media.voice.settings import VoiceSettings
from hal import BLOCK_BYTES, BLOCK_SAMPLES, SAMPLE_RATE_HZ


def load() -> Any:
    """The library, a tenth of a second after the first call; later calls cost nothing.

    Raises MediaError when it is not there or cannot be loaded.
    """
    try:
        from livekit import rtc
    except ImportError as error:
        raise MediaError(
            f"The echo canceller cannot be loaded ({error}). Install it with: pip install livekit; "
            'or do without: set echo_canceller = "off" under [media].'
        ) from error
    return rtc


class WebrtcProcessing:
    """One microphone's processing. Not thread-safe: all calls from one thread."""

    def __init__(self, settings: VoiceSettings) -> None:
        """Raises MediaError without the library."""
        self._rtc = load()
        self._module = self._rtc.AudioProcessingModule(
            echo_cancellation=settings.echo_cancelling,
            noise_suppression=settings.noise_suppression,
            high_pass_filter=settings.high_pass,
            auto_gain_control=settings.gain_control,
        )

    def take_reference(self, block: bytes) -> None:
        """What was played, before its echo comes back: BLOCK_BYTES. Raises ValueError."""
        self._module.process_reverse_stream(self._frame(block))

    def process(self, block: bytes) -> bytes:
        """A captured block, cleaned: BLOCK_BYTES, some milliseconds later. Raises ValueError."""
        frame = self._frame(block)
        self._module.process_stream(frame)
        return bytes(frame.data)

    def _frame(self, block: bytes) -> Any:
        # The library ends the whole process on a frame that is no multiple of 10 ms.
        if len(block) != BLOCK_BYTES:
            raise ValueError(f"a block has {BLOCK_BYTES} bytes, not {len(block)}")
        return self._rtc.AudioFrame(bytearray(block), SAMPLE_RATE_HZ, 1, BLOCK_SAMPLES)
