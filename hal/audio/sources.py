"""What a simulated microphone hears: a tone, a WAV file, nothing."""

import math
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

    def __init__(self, frequency_hz: int, amplitude: float = 0.25) -> None:
        period = math.lcm(SAMPLE_RATE_HZ // math.gcd(frequency_hz, SAMPLE_RATE_HZ), BLOCK_SAMPLES)
        phases = np.arange(period) * (2 * np.pi * frequency_hz / SAMPLE_RATE_HZ)
        samples = (np.sin(phases) * amplitude * 32767).astype("<i2")
        self._blocks = [bytes(block.tobytes()) for block in samples.reshape(-1, BLOCK_SAMPLES)]
        """Whole waves, in whole blocks."""
        self._next = 0

    def next_block(self) -> bytes:
        block = self._blocks[self._next]
        self._next = (self._next + 1) % len(self._blocks)
        return block


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
    except OSError as error:
        raise AudioUnavailable(AudioFault.ABSENT, f"{path} cannot be read: {error}") from error
    except (EOFError, wave.Error) as error:
        raise _wrong(path, f"is not a WAV file of samples ({error or 'cut short'})") from error
    if shape != (SAMPLE_RATE_HZ, 1, 2):
        rate_hz, channels, width = shape
        raise _wrong(path, f"has {rate_hz} Hz, {channels} channels, {8 * width} bit")
    whole = len(sound) // BLOCK_BYTES * BLOCK_BYTES
    if not whole:
        raise AudioUnavailable(AudioFault.FAILED, f"{path} is shorter than 10 ms.")
    return sound[:whole]


def _wrong(path: Path, what: str) -> AudioUnavailable:
    return AudioUnavailable(
        AudioFault.FAILED,
        f"{path} {what}. It must be WAV, 48000 Hz, 1 channel, 16 bit; convert it with: "
        f"ffmpeg -i '{path}' -ar 48000 -ac 1 -c:a pcm_s16le converted.wav",
    )
