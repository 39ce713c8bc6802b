"""A camera's times, with made-up clocks."""

import pytest
from hypothesis import given, strategies as st

from hal.camera.timing import FramePacer, RisingTime, SensorClock, SilenceWatch

MS = 1_000_000
times_ns = st.integers(min_value=0, max_value=10**18)


@given(st.lists(times_ns, min_size=1))
def test_times_rise_by_a_millisecond_at_least_and_are_kept_where_they_do(given: list[int]) -> None:
    rising = RisingTime()
    last = -MS
    for time_ns in given:
        told = rising.after_the_last(time_ns)
        assert told == max(time_ns, last + MS)
        last = told


@given(now_ns=times_ns, sensor_ns=times_ns, step_ns=st.integers(0, 10**9))
def test_a_capture_is_never_in_the_future_and_the_steps_are_the_sensors(
    now_ns: int, sensor_ns: int, step_ns: int
) -> None:
    clock = SensorClock()
    first = clock.capture_time_ns(sensor_ns, now_ns)
    assert first <= now_ns
    assert clock.capture_time_ns(sensor_ns + step_ns, now_ns + step_ns) == first + step_ns


def test_a_sensor_on_our_clock_is_believed_and_another_is_not() -> None:
    assert SensorClock().capture_time_ns(990 * MS, 1000 * MS) == 990 * MS
    other = SensorClock()
    assert other.capture_time_ns(5 * MS, 9000 * MS) == 9000 * MS
    assert other.capture_time_ns(38 * MS, 9040 * MS) == 9033 * MS


@pytest.mark.parametrize(
    ("sensor_hz", "asked_hz", "got_hz"),
    [(60, 30, 30), (48, 30, 30), (30, 30, 30), (10, 30, 10), (400, 15, 15)],
)
def test_so_many_pictures_a_second_are_taken(sensor_hz: int, asked_hz: int, got_hz: int) -> None:
    pacer = FramePacer(asked_hz)
    taken = sum(pacer.takes(number * 10**9 // sensor_hz) for number in range(10 * sensor_hz))
    assert taken == pytest.approx(10 * got_hz, abs=1)


@given(st.lists(st.integers(1, 200), max_size=200), st.integers(1, 60))
def test_no_more_than_asked_for_whatever_the_sensor_does(
    gaps_ms: list[int], frame_rate_hz: int
) -> None:
    pacer, now_ns, taken = FramePacer(frame_rate_hz), 0, []
    for gap_ms in gaps_ms:
        now_ns += gap_ms * MS
        if pacer.takes(now_ns):
            taken.append(now_ns)
    period_ns = 10**9 // frame_rate_hz
    for first in range(len(taken)):
        for last in range(first + 1, len(taken)):
            # The first may have come a period late, the last a quarter early.
            assert taken[last] - taken[first] >= (last - first - 1.25) * period_ns - 1


def test_another_rate_holds_at_once() -> None:
    pacer = FramePacer(1)
    assert pacer.takes(0)
    assert not pacer.takes(100 * MS)
    pacer.set_frame_rate(20)
    assert pacer.takes(150 * MS)
    assert pacer.takes(200 * MS)
    with pytest.raises(ValueError, match="frame_rate_hz"):
        pacer.set_frame_rate(0)


def test_a_camera_is_silent_after_a_second_or_three_pictures() -> None:
    watch = SilenceWatch(1.0, 30, now_s=10)
    assert watch.remaining_s(10.5) == pytest.approx(0.5)
    watch.feed(11)
    assert watch.remaining_s(12) == 0
    watch.expect(2)
    assert watch.remaining_s(12) == pytest.approx(0.5)
