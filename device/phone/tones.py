"""The sounds of a phone, synthesised: soft, with a slow attack, and without a seam."""

from functools import cache

import numpy as np
import numpy.typing as npt

from device.phone.values import Tone
from hal import BLOCK_SAMPLES, SAMPLE_RATE_HZ

INCOMING_HZ = (659.3, 523.3)
"""E5 and C5, as a doorbell has them."""
RINGBACK_HZ = 425.0
"""ITU-T E.180, as most of Europe has it: one second in five."""
ATTACK_S = 0.08
FADE_S = 0.5
_PERIOD_S = {Tone.INCOMING: 3.0, Tone.RINGBACK: 5.0}
_LOUDEST = {Tone.INCOMING: 0.9, Tone.RINGBACK: 0.35}
"""Of full scale, at loudness 1. Who hears the ringback stands before the unit."""


def blocks_of(tone: Tone, loudness: float) -> list[bytes]:
    """One period, in blocks of BLOCK_BYTES, to be played over and over. ``loudness``: 0 to 1."""
    scaled = _wave(tone) * (loudness * _LOUDEST[tone] * 32767)
    return [block.tobytes() for block in scaled.astype("<i2").reshape(-1, BLOCK_SAMPLES)]


@cache
def _wave(tone: Tone) -> npt.NDArray[np.float64]:
    """At most 1 in absolute value."""
    period = np.zeros(round(_PERIOD_S[tone] * SAMPLE_RATE_HZ))
    if tone is Tone.RINGBACK:
        notes = [(0.0, _held(RINGBACK_HZ, 1.0))]
    else:
        notes = [(0.6 * place, _struck(hz, 1.4)) for place, hz in enumerate(INCOMING_HZ)]
    for at_s, note in notes:
        begin = round(at_s * SAMPLE_RATE_HZ)
        period[begin : begin + len(note)] += note
    return np.asarray(period / np.abs(period).max())


def _struck(frequency_hz: float, length_s: float) -> npt.NDArray[np.float64]:
    """It swells, and dies away as a bell does; the octave makes it warm."""
    at_s = _times(length_s)
    phase = 2 * np.pi * frequency_hz * at_s
    sound = np.sin(phase) + 0.2 * np.sin(2 * phase)
    return _edged(sound * np.exp(-at_s / 0.45), ATTACK_S, FADE_S)


def _held(frequency_hz: float, length_s: float) -> npt.NDArray[np.float64]:
    return _edged(np.sin(2 * np.pi * frequency_hz * _times(length_s)), ATTACK_S, ATTACK_S)


def _times(length_s: float) -> npt.NDArray[np.float64]:
    return np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def _edged(
    sound: npt.NDArray[np.float64], attack_s: float, fade_s: float
) -> npt.NDArray[np.float64]:
    """With raised cosines at both ends."""
    sound[: round(attack_s * SAMPLE_RATE_HZ)] *= _rise(attack_s)
    sound[-round(fade_s * SAMPLE_RATE_HZ) :] *= _rise(fade_s)[::-1]
    return sound


def _rise(length_s: float) -> npt.NDArray[np.float64]:
    return (1 - np.cos(np.linspace(0, np.pi, round(length_s * SAMPLE_RATE_HZ)))) / 2
