"""Makes a voice a little shorter or longer at the same pitch: a period is left out or said twice.

The period is where the sound resembles itself best (WSOLA: Verhelst and Roelands, ICASSP 1993).
"""

import numpy as np
from numpy.typing import NDArray

from hal import SAMPLE_RATE_HZ

Samples = NDArray[np.int16]

LEAST_PERIOD = SAMPLE_RATE_HZ // 400
MOST_PERIOD = SAMPLE_RATE_HZ // 80
"""2.5 to 12.5 ms: voices have 80 to 400 Hz."""
LEAST_NEEDED, NEEDED = 4 * LEAST_PERIOD, 2 * MOST_PERIOD
"""How many samples have to be there, for the highest voices and for all."""
COARSE = 4
"""The search is done at 12 kHz first."""
ALIKE = 0.85
"""Correlation from which on the seam is not heard."""
QUIET = 100.0
"""Root mean square (of 32768) below which nobody hears anything."""


def shorten(sound: Samples, at_any_cost: bool = False) -> Samples | None:
    """Without one period near its beginning; None where that would be heard. Takes LEAST_NEEDED
    samples or more; ``at_any_cost``: also where it is heard a little."""
    period = _period(sound, at_any_cost)
    if period is None:
        return None
    seam = _crossfade(sound[:period], sound[period : 2 * period])
    return np.concatenate((seam, sound[2 * period :]))


def lengthen(sound: Samples) -> Samples | None:
    """With one period twice; None where that would be heard. Takes LEAST_NEEDED samples at least."""
    period = _period(sound, at_any_cost=False)
    if period is None:
        return None
    seam = _crossfade(sound[period : 2 * period], sound[:period])
    return np.concatenate((sound[:period], seam, sound[period:]))


def _crossfade(before: Samples, after: Samples) -> Samples:
    rise = (np.arange(len(before)) + 0.5) / len(before)
    return np.asarray(np.rint(before * (1 - rise) + after * rise), np.int16)


def _period(sound: Samples, at_any_cost: bool) -> int | None:
    most = min(len(sound) // (2 * COARSE) * COARSE, MOST_PERIOD)
    head = sound[: 2 * most].astype(np.float64)
    if np.sqrt(np.mean(head * head)) < QUIET:
        return most
    coarse = head.reshape(-1, COARSE).mean(axis=1)
    lags = np.arange(LEAST_PERIOD // COARSE, most // COARSE + 1)
    near = int(lags[np.argmax(_likeness(coarse, lags))]) * COARSE
    around = np.arange(max(near - COARSE, LEAST_PERIOD), min(near + COARSE, most) + 1)
    likeness = _likeness(head, around)
    best = int(np.argmax(likeness))
    return int(around[best]) if at_any_cost or likeness[best] >= ALIKE else None


def _likeness(sound: NDArray[np.float64], lags: NDArray[np.int64]) -> NDArray[np.float64]:
    """The normalised correlation of the sound's first half with itself, so much later."""
    half = len(sound) // 2
    windows = np.lib.stride_tricks.sliding_window_view(sound, half)
    first, later = windows[0], windows[lags]
    energy = np.sqrt((first @ first) * np.einsum("ij,ij->i", later, later))
    return np.asarray((later @ first) / np.maximum(energy, 1e-9))
