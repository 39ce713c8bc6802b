"""A sound at places between its samples, by windowed sinc (Smith, "Digital Audio Resampling").

For clocks that are a little apart, so the places are about one sample apart, too.
"""

import numpy as np
from numpy.typing import NDArray

TAPS = 16
BEFORE = TAPS // 2 - 1
AFTER = TAPS // 2
"""How many samples before and after a place its value is made of."""
PHASES = 512
"""A place is off by at most 1/1024 of a sample: below -60 dB up to 8 kHz."""
KAISER_BETA = 8.0


def _taps() -> NDArray[np.float32]:
    """For each phase the windowed sinc about BEFORE."""
    phases = (np.arange(PHASES) + 0.5) / PHASES
    offsets = np.arange(TAPS) - BEFORE - phases[:, None]
    inside = np.clip(1 - (offsets / (TAPS / 2)) ** 2, 0, None)
    window = np.i0(KAISER_BETA * np.sqrt(inside)) / np.i0(KAISER_BETA)
    taps = np.sinc(offsets) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)


_TAPS = _taps()


def interpolate(sound: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.int16]:
    """The values at ``places``, ascending indices into ``sound`` of which each needs BEFORE samples
    before it and AFTER after it."""
    whole = np.floor(places).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(sound, TAPS)[whole - BEFORE]
    phases = ((places - whole) * PHASES).astype(np.int64)
    values = np.einsum("ij,ij->i", windows, _TAPS[phases])
    return np.asarray(np.clip(np.rint(values), -32_768, 32_767), np.int16)
