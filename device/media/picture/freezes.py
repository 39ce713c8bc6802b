"""When a picture stood still for too long."""

from collections import deque

INTERVALS = 30
FACTOR, MARGIN_S = 3, 0.15
"""webrtc-stats, freezeCount: an interval of max(3 d, d + 150 ms), with d the mean of the last 30."""


class FreezeMeter:
    """Of one peer's pictures."""

    def __init__(self) -> None:
        self._intervals_s: deque[float] = deque(maxlen=INTERVALS)
        self._last_s: float | None = None
        self.count = 0
        self.frozen_s = 0.0
        """The intervals of all freezes."""

    def shown(self, now_s: float) -> None:
        """A picture is shown."""
        last_s, self._last_s = self._last_s, now_s
        if last_s is None:
            return
        interval_s = now_s - last_s
        if self._intervals_s:
            mean_s = sum(self._intervals_s) / len(self._intervals_s)
            if interval_s >= max(FACTOR * mean_s, mean_s + MARGIN_S):
                self.count += 1
                self.frozen_s += interval_s
        self._intervals_s.append(interval_s)
