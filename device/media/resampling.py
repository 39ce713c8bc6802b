"""A sound at places between its samples, by windowed sinc (Smith, "Digital Audio Resampling").

For clocks that are a little apart, so the places are about one sample apart, too: over a short piece all
lie nearly as far behind a sample. A piece is filtered for its first and for its last place, and blended
from one to the other.
"""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

TAPS = 16
BEFORE = TAPS // 2 - 1
AFTER = TAPS // 2
"""How many samples before and after a place its value is made of."""
PHASES = 512
"""A place is off by at most 1/1024 of a sample: below -60 dB up to 8 kHz."""
PIECE = 1 / 8
"""Of a sample: what places may move against the samples over a piece. Blending between two places so far
apart is off by PIECE**2 / 8 of the second derivative: -65 dB at 4 kHz."""
KAISER_BETA = 8.0


def _taps() -> NDArray[np.float32]:
    """For each phase the windowed sinc about BEFORE; phases from -PIECE to 1 + PIECE."""
    phases = (np.arange(round(PHASES * (1 + 2 * PIECE))) + 0.5) / PHASES - PIECE
    offsets = np.arange(TAPS) - BEFORE - phases[:, None]
    inside = np.clip(1 - (offsets / (TAPS / 2)) ** 2, 0, None)
    window = np.i0(KAISER_BETA * np.sqrt(inside)) / np.i0(KAISER_BETA)
    taps = np.sinc(offsets) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)


_TAPS = _taps()


def interpolate(
    sound: NDArray[np.float32], place: float, step: float, count: int
) -> NDArray[np.int16]:
    """The values at ``count`` places from ``place`` on, ``step`` apart: indices into ``sound``, of which
    each needs BEFORE samples before it and AFTER after it. ``step`` within 1 % of 1."""
    pieces = max(1, math.ceil(abs(step - 1) * count / PIECE))
    bounds = [count * piece // pieces for piece in range(pieces + 1)]
    values = np.concatenate(
        [
            _piece(sound, place + begin * step, step, end - begin)
            for begin, end in itertools.pairwise(bounds)
        ]
    )
    return np.asarray(np.clip(np.rint(values), -32_768, 32_767), np.int16)


def _piece(
    sound: NDArray[np.float32], place: float, step: float, count: int
) -> NDArray[np.float32]:
    whole = int(place)
    needed = sound[whole - BEFORE : whole + count + AFTER]
    first = np.correlate(needed, _TAPS[_phase(place - whole)])
    moved = (step - 1) * count
    if abs(moved) < 1 / PHASES:
        return first
    last = np.correlate(needed, _TAPS[_phase(place - whole + moved)])
    blend = np.arange(count, dtype=np.float32) / np.float32(count)
    return np.asarray(first + (last - first) * blend, np.float32)


def _phase(fraction: float) -> int:
    return int((fraction + PIECE) * PHASES)
