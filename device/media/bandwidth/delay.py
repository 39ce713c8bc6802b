"""Tells from the times of sending and of arrival whether a queue grows on the way.

draft-ietf-rmcat-gcc-02 sections 5.2 to 5.4, with libwebrtc's trend line (trendline_estimator.cc) in
the place of the draft's Kalman filter. Only differences of times count, so the two ends' clocks need
not agree.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from device.media.bandwidth.sent import Fate

GROUP_S = 0.005
"""Packets sent within so long are one group (section 5.2)."""
BURST_S = 0.1
"""Packets that a link held back and let go at once are one group for at most so long."""
SMOOTHING = 0.9
WINDOW_GROUPS = 20
GAIN = 4.0
FULL_GAIN_GROUPS = 60
"""The trend counts in full after so many groups."""
THRESHOLD_MS = 12.5
THRESHOLD_LIMITS_MS = 6.0, 600.0
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
"""K_u and K_d of section 5.4: how fast the threshold follows, a millisecond."""
OUTLIER_MS = 15.0
OVERUSE_MS = 10.0
"""So long the trend must be above the threshold."""


class Usage(Enum):
    """What happens to the queue: UNDER it empties, NORMAL it stays, OVER it grows."""

    UNDER = "under"
    NORMAL = "normal"
    OVER = "over"


@dataclass(slots=True)
class _Group:
    first_sent_s: float
    sent_s: float
    arrived_s: float
    first_arrived_s: float

    def takes(self, sent_s: float, arrived_s: float) -> bool:
        if sent_s - self.first_sent_s <= GROUP_S:
            return True
        pause_s = arrived_s - self.arrived_s
        is_burst = pause_s <= GROUP_S and pause_s < sent_s - self.sent_s
        return is_burst and arrived_s - self.first_arrived_s < BURST_S


class DelayTrend:
    """Of one link."""

    def __init__(self) -> None:
        self._group: _Group | None = None
        self._last: _Group | None = None
        self._groups = 0
        self._delay_ms = self._smooth_ms = 0.0
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW_GROUPS)
        self._slope = 0.0
        self._detector = _Detector()

    @property
    def usage(self) -> Usage:
        return self._detector.usage

    def add(self, fates: Iterable[Fate]) -> None:
        """Packets of one report, in the order of sending."""
        for fate in fates:
            if fate.arrived_s is not None:
                self._add(fate.sent_s, fate.arrived_s)

    def _add(self, sent_s: float, arrived_s: float) -> None:
        group = self._group
        if group is None:
            self._group = _Group(sent_s, sent_s, arrived_s, arrived_s)
        elif group.takes(sent_s, arrived_s):
            group.sent_s = max(group.sent_s, sent_s)
            group.arrived_s = max(group.arrived_s, arrived_s)
        elif sent_s > group.sent_s:
            if self._last is not None:
                self._compare(self._last, group)
            self._last, self._group = group, _Group(sent_s, sent_s, arrived_s, arrived_s)

    def _compare(self, before: _Group, after: _Group) -> None:
        sent_ms = (after.sent_s - before.sent_s) * 1e3
        arrived_ms = (after.arrived_s - before.arrived_s) * 1e3
        self._groups += 1
        self._delay_ms += arrived_ms - sent_ms
        self._smooth_ms = SMOOTHING * self._smooth_ms + (1 - SMOOTHING) * self._delay_ms
        self._points.append((after.arrived_s * 1e3, self._smooth_ms))
        if len(self._points) == WINDOW_GROUPS:
            self._slope = _slope(self._points, self._slope)
        trend_ms = min(self._groups, FULL_GAIN_GROUPS) * self._slope * GAIN
        self._detector.take(trend_ms, sent_ms, after.arrived_s * 1e3)


def _slope(points: deque[tuple[float, float]], otherwise: float) -> float:
    """Of the line with the least squares."""
    origin = points[0][0]
    sum_x = sum_y = sum_xx = sum_xy = 0.0
    for x, y in points:
        x -= origin
        sum_x += x
        sum_y += y
        sum_xx += x * x
        sum_xy += x * y
    below = len(points) * sum_xx - sum_x * sum_x
    return (len(points) * sum_xy - sum_x * sum_y) / below if below else otherwise


class _Detector:
    """Compares the trend with a threshold that follows it, so that what other traffic does to the
    queue all the time is not taken for congestion by this one (section 5.4)."""

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self._threshold_ms = THRESHOLD_MS
        self._over_ms: float | None = None
        self._times_over = 0
        self._last_trend_ms = 0.0
        self._last_ms: float | None = None

    def take(self, trend_ms: float, sent_ms: float, now_ms: float) -> None:
        """``sent_ms``: since the group before was sent."""
        if trend_ms > self._threshold_ms:
            self._over_ms = sent_ms / 2 if self._over_ms is None else self._over_ms + sent_ms
            self._times_over += 1
            is_long = self._over_ms > OVERUSE_MS and self._times_over > 1
            if is_long and trend_ms >= self._last_trend_ms:
                self._over_ms, self._times_over = 0.0, 0
                self.usage = Usage.OVER
        else:
            self._over_ms, self._times_over = None, 0
            self.usage = Usage.UNDER if trend_ms < -self._threshold_ms else Usage.NORMAL
        self._last_trend_ms = trend_ms
        self._follow(abs(trend_ms), now_ms)

    def _follow(self, size_ms: float, now_ms: float) -> None:
        passed_ms = 0.0 if self._last_ms is None else min(max(0.0, now_ms - self._last_ms), 100.0)
        self._last_ms = now_ms
        if size_ms > self._threshold_ms + OUTLIER_MS:
            return
        pace = THRESHOLD_DOWN if size_ms < self._threshold_ms else THRESHOLD_UP
        moved_ms = self._threshold_ms + pace * (size_ms - self._threshold_ms) * passed_ms
        low_ms, high_ms = THRESHOLD_LIMITS_MS
        self._threshold_ms = min(max(moved_ms, low_ms), high_ms)
