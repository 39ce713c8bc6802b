"""What a camera's times need: limits, the clock of a sensor, an even pace, an order, a watch. No clock
inside: each takes the time as an argument."""

from dataclasses import dataclass

_TRUSTED_AGE_NS = 1_000_000_000
_LEAST_STEP_NS = 1_000_000
"""Less would fall on the same tick of RTP's 90 kHz clock, and two pictures would be one."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a camera may take, in seconds.

    ``starts_within_s``: to its first frame. USB cameras look for the light first, and x264 on a loaded
    Zero 2 W takes its time. ``mends_within_s``: the same of one that is opened again after it hung;
    from its last frame to the next: ``silent_after_s``, ``closes_within_s``, this, and what opening
    takes. ``opens_within_s``: the driver alone, which hangs after that.
    """

    silent_after_s: float = 1.0
    starts_within_s: float = 4.0
    mends_within_s: float = 1.5
    opens_within_s: float = 5.0
    closes_within_s: float = 1.0


class SensorClock:
    """A sensor's timestamps on the clock of ``time.monotonic_ns``, never in the future.

    A Raspberry Pi's sensors and USB cameras stamp with that clock already. One that does not is
    taken to have delivered its first picture without delay.
    """

    def __init__(self) -> None:
        self._offset_ns: int | None = None

    def capture_time_ns(self, sensor_ns: int, now_ns: int) -> int:
        age_ns = now_ns - sensor_ns
        if self._offset_ns is None:
            self._offset_ns = 0 if 0 <= age_ns < _TRUSTED_AGE_NS else age_ns
        return min(now_ns, sensor_ns + self._offset_ns)


class RisingTime:
    """Times that never go back, nor stand still: what two cameras say of one stream."""

    def __init__(self) -> None:
        self._last_ns: int | None = None

    def after_the_last(self, time_ns: int) -> int:
        """``time_ns``, or a millisecond after the last where it would go back."""
        if self._last_ns is not None:
            time_ns = max(time_ns, self._last_ns + _LEAST_STEP_NS)
        self._last_ns = time_ns
        return time_ns


class FramePacer:
    """Which of a sensor's pictures to take, so that there are at most so many a second.

    Works on a grid, so that 48 pictures a second give 30 and not 24; a quarter of a period is
    allowed for the sensor's jitter.
    """

    def __init__(self, frame_rate_hz: int) -> None:
        self.set_frame_rate(frame_rate_hz)
        self._due_ns = 0

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """Raises ValueError below 1."""
        if frame_rate_hz < 1:
            raise ValueError(f"frame_rate_hz must be 1 or more, not {frame_rate_hz}")
        self._period_ns = 1_000_000_000 // frame_rate_hz

    def takes(self, time_ns: int) -> bool:
        period_ns = self._period_ns
        if not self._due_ns - 2 * period_ns < time_ns < self._due_ns + period_ns:
            self._due_ns = time_ns  # a new start, a gap or another rate: the grid begins here
        if time_ns < self._due_ns - period_ns // 4:
            return False
        self._due_ns += period_ns
        return True


class SilenceWatch:
    """Tells how long a camera may still say nothing."""

    _PERIODS = 3

    def __init__(self, at_least_s: float, frame_rate_hz: int, now_s: float) -> None:
        """A camera is silent after ``at_least_s``, and never before three pictures are missing."""
        self._at_least_s = at_least_s
        self._fed_s = now_s
        self.expect(frame_rate_hz)

    def expect(self, frame_rate_hz: int) -> None:
        """So many pictures a second from now on."""
        self._silent_after_s = max(self._at_least_s, self._PERIODS / frame_rate_hz)

    def feed(self, now_s: float) -> None:
        """A frame came."""
        self._fed_s = now_s

    def remaining_s(self, now_s: float) -> float:
        """Seconds until it counts as silent; 0 or less: it does."""
        return self._fed_s + self._silent_after_s - now_s
