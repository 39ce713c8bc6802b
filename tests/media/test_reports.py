"""Sender and receiver reports: whatever the clocks do, and whether or not anything is sent."""

import time

import pytest
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo, RtpPacket
from hypothesis import given, strategies as st

from device.media.rtc import reports
from device.media.rtc.round_trip import KEPT, NTP_EPOCH_S, RoundTrip
from tests.media.world import Station, until

WALL_S = 1_800_000_000.0
LAST = RtcpSenderInfo(int((WALL_S + NTP_EPOCH_S) * 2**32), 2**32 - 90_000, 7, 700)
"""The packet sent last, of a video; its timestamp wraps a second later."""


def answer(report: RtcpSenderInfo, held_s: float) -> RtcpReceiverInfo:
    name = report.ntp_timestamp >> 16 & 0xFFFFFFFF
    return RtcpReceiverInfo(1, 0, 0, 0, 0, lsr=name, dlsr=round(held_s * 65536))


def test_a_report_is_of_the_moment_at_which_it_leaves() -> None:
    report = RoundTrip(90_000).stamped(LAST, WALL_S + 1.5, 10.0)
    assert report.ntp_timestamp == int((WALL_S + 1.5 + NTP_EPOCH_S) * 2**32)
    assert report.rtp_timestamp == 45_000
    assert (report.packet_count, report.octet_count) == (7, 700)


def test_before_the_first_packet_there_is_nothing_to_report() -> None:
    nothing = RtcpSenderInfo(0, 0, 0, 0)
    found = RoundTrip(90_000)
    assert found.stamped(nothing, WALL_S, 1.0) == nothing
    found.heard(answer(nothing, 0), 1.0)
    assert found.seconds is None


@given(
    st.lists(st.tuples(st.floats(0.5, 1.5), st.floats(0, 1.4)), min_size=1, max_size=40),
    st.floats(0.001, 0.4),
)
def test_the_round_trip_is_found_while_nothing_is_sent(
    pauses: list[tuple[float, float]], round_trip_s: float
) -> None:
    """The next report is on its way before the answer to this one has come."""
    found = RoundTrip(90_000)
    now_s, before = 10.0, None
    for pause_s, held_s in pauses:
        now_s += pause_s
        report = found.stamped(LAST, WALL_S + now_s, now_s)
        if before is not None:
            earlier, left_s = before
            found.heard(answer(earlier, now_s - left_s + held_s), now_s + held_s + round_trip_s)
            assert found.seconds == pytest.approx(round_trip_s, abs=1e-4)
        before = report, now_s


def test_the_system_clock_may_be_set_and_answers_may_lie() -> None:
    found = RoundTrip(90_000)
    report = found.stamped(LAST, WALL_S - 10**9, 1.0)
    found.heard(answer(report, 0.5), 1.6)
    assert found.seconds == pytest.approx(0.1, abs=1e-4)
    found.stamped(LAST, 2.0**40, 2.0)
    found.heard(answer(report, 60_000), 3.0)
    assert found.seconds == pytest.approx(0.085, abs=1e-4)
    for second in range(KEPT):
        found.stamped(LAST, WALL_S + second, 4.0 + second)
    found.heard(answer(report, 0), 99.0)
    assert found.seconds == pytest.approx(0.085, abs=1e-4), "that was too long ago"


def test_jitter_fits_into_a_report_whatever_the_system_clock_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports.install()
    statistics = StreamStatistics(90_000)
    for number, wall_s in enumerate((WALL_S, WALL_S + 0.01, WALL_S + 10**9)):
        monkeypatch.setattr(time, "time", lambda now_s=wall_s: now_s)
        statistics.add(RtpPacket(sequence_number=number, timestamp=900 * number))
    own = RtcpReceiverInfo(1, 0, 0, 2, statistics.jitter, 0, 0)
    assert RtcpReceiverInfo.parse(bytes(own)).jitter == reports.MAX_JITTER


async def test_the_round_trip_of_a_link(pair: tuple[Station, Station]) -> None:
    """With a camera that is closed, so that no picture is sent: by the reports of either stream."""
    door, hall = pair
    await door.sees("hall")
    await hall.engine.close_camera()
    (link,) = hall.engine._mesh._links
    for sender in (link._voice_sender, link._video_sender):
        await until(lambda sender=sender: sender.round_trip_s is not None)  # type: ignore[misc]
        assert sender.round_trip_s is not None
        assert 0 <= sender.round_trip_s < 0.5
    assert hall.engine.statistics().peers["door"].traffic.round_trip_s is not None
