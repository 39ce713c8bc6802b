"""A tone per route, and what the microphone hears of it. Pure: blocks in, blocks out, numbers."""

import math
import threading
from dataclasses import dataclass

import numpy as np

from device.doctor.sound import level_dbfs
from hal import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ, AudioMode

TONES_HZ = {
    AudioMode.SPEAKER: 600,
    AudioMode.EARPIECE: 800,
    AudioMode.BLUETOOTH: 500,
    AudioMode.HEADPHONES: 900,
}
"""Whole periods in a block of 10 ms, so that a block's amplitude is exact and blocks join up."""
AMPLITUDE = 8192
"""A quarter of full scale: -12 dBFS."""
REST_BLOCKS = round(0.5 / BLOCK_S)
TONE_BLOCKS = round(1.0 / BLOCK_S)
AFTER_BLOCKS = round(0.5 / BLOCK_S)
"""For an echo that comes late: Bluetooth takes 0.2 s."""
ALL_BLOCKS = REST_BLOCKS + TONE_BLOCKS + AFTER_BLOCKS
ABOVE_REST = 4.0
"""How far above what is heard at rest (12 dB) an echo begins."""


@dataclass(frozen=True, slots=True)
class EchoReading:
    """``rest_dbfs``: the microphone's level before the tone. ``echo_db``: the tone in the microphone
    against the tone played, negative for weaker; None: not heard. ``delay_s``: until it was heard."""

    rest_dbfs: float | None
    echo_db: float | None
    delay_s: float | None


class EchoProbe:
    """Plays rest, a tone, and rest again, and notes what is heard meanwhile."""

    def __init__(self, frequency_hz: int) -> None:
        self._frequency_hz = frequency_hz
        self._tone = _tone(frequency_hz)
        self._played = 0
        self._heard: list[bytes] = []
        self.is_over = threading.Event()

    def next_block(self) -> bytes:
        """In the playback thread."""
        at = self._played - REST_BLOCKS
        self._played += 1
        if self._played >= ALL_BLOCKS:
            self.is_over.set()
        return self._tone[at] if 0 <= at < TONE_BLOCKS else bytes(BLOCK_BYTES)

    def take(self, block: bytes) -> None:
        """In the capture thread."""
        if len(self._heard) < ALL_BLOCKS:
            self._heard.append(block)

    def level_dbfs(self) -> float | None:
        """Of the last tenth of a second that was heard, for a meter."""
        return _peak_dbfs(self._heard[-round(0.1 / BLOCK_S) :])

    def reading(self) -> EchoReading:
        """What came of it."""
        heard = list(self._heard)
        if len(heard) <= REST_BLOCKS:
            return EchoReading(None, None, None)
        rest_dbfs = _peak_dbfs(heard[:REST_BLOCKS])
        amplitudes = np.array([_amplitude(block, self._frequency_hz) for block in heard])
        floor = max(1.0, float(np.max(amplitudes[:REST_BLOCKS])))
        loud = np.flatnonzero(amplitudes[REST_BLOCKS:] > ABOVE_REST * floor)
        if len(loud) == 0:
            return EchoReading(rest_dbfs, None, None)
        echo = float(np.median(amplitudes[REST_BLOCKS:][loud]))
        echo_db = 20 * math.log10(echo / AMPLITUDE)
        return EchoReading(rest_dbfs, echo_db, int(loud[0]) * BLOCK_S)


def _tone(frequency_hz: int) -> list[bytes]:
    """Blocks of a sine that fades in and out over one of them."""
    samples = np.arange(TONE_BLOCKS * BLOCK_SAMPLES)
    wave = AMPLITUDE * np.sin(2 * np.pi * frequency_hz * samples / SAMPLE_RATE_HZ)
    fade = (1 - np.cos(np.linspace(0, np.pi, BLOCK_SAMPLES))) / 2
    wave[:BLOCK_SAMPLES] *= fade
    wave[-BLOCK_SAMPLES:] *= fade[::-1]
    whole = wave.astype("<i2").tobytes()
    return [whole[at : at + BLOCK_BYTES] for at in range(0, len(whole), BLOCK_BYTES)]


def _amplitude(block: bytes, frequency_hz: int) -> float:
    """Of one frequency in a block, by correlation with it."""
    samples = np.frombuffer(block, "<i2").astype(np.float64)
    turning = np.exp(-2j * np.pi * frequency_hz * np.arange(len(samples)) / SAMPLE_RATE_HZ)
    return float(2 * abs(samples @ turning) / max(1, len(samples)))


def _peak_dbfs(blocks: list[bytes]) -> float | None:
    samples = np.frombuffer(b"".join(blocks), "<i2").astype(np.int32)
    return level_dbfs(float(np.abs(samples).max())) if len(samples) else None
