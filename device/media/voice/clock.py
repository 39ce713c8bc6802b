"""When the blocks of a sound card really come, told from when a thread got round to them.

A thread can be late but never early, so the earliest block of each half second lies on the card's own
line, and a straight line through those says how fast its clock runs: the lower envelope of the delays,
as in RFC 5905's clock filter, which keeps the sample of least delay.
"""

from collections import deque

import numpy as np

from hal import BLOCK_S

BIN_BLOCKS = 50
"""Half a second; the earliest of so many blocks counts."""
KEPT_BINS = 120
"""A minute: longer than the scheduler's moods, shorter than the warming up of a quartz."""
FITTED_BINS = 6
"""3 s, from which on the slope is known to about 20 ppm; before, that of before a step holds."""
MOST_DRIFT = 1e-3
"""Of the nominal rate. Sound cards are within 500 ppm."""
STEP_S = 0.005
"""Further than this off the line, as the earliest of a bin: blocks were lost, it starts anew."""
STALL_S = 0.1
"""So late is no thread: the stream stood still."""


class ClockLine:
    """The line of one stream: block ``number`` is due at ``due_s(number)``."""

    def __init__(self) -> None:
        self.period_s = BLOCK_S
        """Of one block, by the clock that ``now_s`` is read from."""
        self.is_known = False
        """Whether anything has come yet."""
        self._bins: deque[tuple[int, float]] = deque(maxlen=KEPT_BINS)
        self._start = 0
        self._origin_s = 0.0
        self._earliest: tuple[int, float] = 0, 0.0
        self._in_bin = 0

    def due_s(self, number: int) -> float:
        return self._origin_s + (number - self._start) * self.period_s

    def add(self, number: int, now_s: float) -> None:
        """Block ``number`` has come."""
        late_s = now_s - self.due_s(number)
        if not self.is_known or late_s < -STEP_S or late_s > STALL_S:
            self._restart(number, now_s)
            return
        if not self._in_bin or late_s < self._earliest[1] - self.due_s(self._earliest[0]):
            self._earliest = number, now_s
        self._in_bin += 1
        if self._in_bin == BIN_BLOCKS:
            self._end_bin()

    def _restart(self, number: int, now_s: float) -> None:
        """Of what was before, only the slope holds."""
        self.is_known = True
        self._bins.clear()
        self._start, self._origin_s = number, now_s
        self._in_bin = 0

    def _end_bin(self) -> None:
        number, at_s = self._earliest
        if self._bins and at_s - self.due_s(number) > STEP_S:
            self._restart(number, at_s)
            return
        self._in_bin = 0
        self._bins.append(self._earliest)
        self._fit()

    def _fit(self) -> None:
        last, last_s = self._bins[-1]
        numbers = np.array([number - last for number, _ in self._bins], float)
        # Delays rather than times: they are small, and nothing is lost in a difference of two.
        late_s = np.array([at_s - last_s for _, at_s in self._bins]) - numbers * self.period_s
        if len(self._bins) >= FITTED_BINS:
            middle = numbers - numbers.mean()
            self.period_s += float(middle @ late_s / (middle @ middle))
            most = MOST_DRIFT * BLOCK_S
            self.period_s = min(max(self.period_s, BLOCK_S - most), BLOCK_S + most)
            late_s = np.array([at_s - last_s for _, at_s in self._bins]) - numbers * self.period_s
        self._start, self._origin_s = last, last_s + float(late_s.mean())
