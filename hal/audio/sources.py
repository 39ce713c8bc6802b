"""What a simulated microphone hears: a tone, a WAV file, nothing."""

import wave
from pathlib import Path
from typing import Protocol

import numpy as np

from hal.audio.protocol import BLOCK_BYTES, BLOCK_SAMPLES, SAMPLE_RATE_HZ
from hal.errors import AudioFault, AudioUnavailable


class CaptureSource(Protocol):
    """Gives the microphone's blocks one after another."""

    def next_block(self) -> bytes:
        """The next BLOCK_BYTES. Called in the capture thread; does not block."""


class SilenceSource:
    """A very quiet room."""

    def next_block(self) -> bytes:
        return bytes(BLOCK_BYTES)


class ToneSource:
    """A sine of ``frequency_hz`` at ``amplitude`` (0 to 1 of full scale), without a seam."""

    def __init__(self, frequency_hz: float, amplitude: float = 0.25) -> None:
        self._step = 2 * np.pi * frequency_hz / SAMPLE_RATE_HZ
        self._peak = amplitude * 32767
        self._sample = 0

    def next_block(self) -> bytes:
        index = np.arange(self._sample, self._sample + BLOCK_SAMPLES)
        # A whole number of samples a second keeps the phase exact for whole frequencies.
        self._sample = (self._sample + BLOCK_SAMPLES) % SAMPLE_RATE_HZ
        samples = np.sin(index * self._step) * self._peak
        return bytes(samples.astype("<i2").tobytes())


class WavSource:
    """A recording, played over and over. 48 kHz, mono, 16 bit."""

    def __init__(self, path: Path) -> None:
        """Raises AudioUnavailable when the file is not there, cut short, or of another format."""
        self._sound = _read(path)
        self._at = 0

    def next_block(self) -> bytes:
        block = self._sound[self._at : self._at + BLOCK_BYTES]
        self._at = (self._at + BLOCK_BYTES) % len(self._sound)
        return block


def _read(path: Path) -> bytes:
    try:
        with wave.open(str(path), "rb") as file:
            shape = file.getframerate(), file.getnchannels(), file.getsampwidth()
            sound = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise AudioUnavailable(AudioFault.ABSENT, f"{path} cannot be played: {error}") from error
    if shape != (SAMPLE_RATE_HZ, 1, 2):
        raise AudioUnavailable(
            AudioFault.FAILED,
            f"{path} must be 48 kHz, mono, 16 bit; convert it with: "
            f"ffmpeg -i {path.name} -ar 48000 -ac 1 -c:a pcm_s16le converted.wav",
        )
    whole = len(sound) // BLOCK_BYTES * BLOCK_BYTES
    if not whole:
        raise AudioUnavailable(AudioFault.FAILED, f"{path} is shorter than 10 ms")
    return sound[:whole]
