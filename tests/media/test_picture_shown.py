"""When a picture is shown: in step with the voice, in order, and whether it froze."""

import pytest
from hypothesis import given, strategies as st

from device.media.heard import Playing
from device.media.picture.counts import PictureCounts
from device.media.picture.freezes import FreezeMeter
from device.media.picture.held import MOST_HELD, HeldPictures
from device.media.picture.sync import LONGEST_HOLD_S, STALE_S, LipSync, SenderReport

VOICE, PICTURE = 2**32 - 100_000, 2**32 - 50_000
"""What the two streams' clocks show at NTP_S; both are about to begin anew."""
NTP_S = 3.9e9


def in_step() -> LipSync:
    sync = LipSync()
    sync.on_voice_report(SenderReport(NTP_S, VOICE))
    sync.on_picture_report(SenderReport(NTP_S, PICTURE))
    return sync


def voice_at(seconds: float) -> int:
    return int(VOICE + 48_000 * seconds) % 2**32


def picture_at(seconds: float) -> int:
    return int(PICTURE + 90_000 * seconds) % 2**32


@given(st.floats(0, 1000), st.floats(0.001, LONGEST_HOLD_S), st.floats(0, 0.1))
def test_a_picture_waits_for_its_sound(since_s: float, ahead_s: float, ago_s: float) -> None:
    """Heard ``ago_s`` ago was what was said at ``since_s``; the picture is ahead of the voice."""
    now_s = 50.0
    captured_s = since_s + ago_s + ahead_s
    playing = Playing(voice_at(since_s), now_s - ago_s, 0.03)
    show_s = in_step().show_at_s(picture_at(captured_s), now_s, playing)
    assert show_s == pytest.approx(now_s + ahead_s, abs=1e-4)


def test_a_picture_that_is_late_is_shown_at_once() -> None:
    assert in_step().show_at_s(picture_at(1.0), 50.0, Playing(voice_at(1.1), 50.0, 0.03)) == 50.0


def test_no_picture_is_held_for_longer_than_a_bound() -> None:
    show_s = in_step().show_at_s(picture_at(1.5), 50.0, Playing(voice_at(1.0), 50.0, 0.03))
    assert show_s == 50.0 + LONGEST_HOLD_S


def test_without_a_voice_nothing_is_held() -> None:
    sync, ahead = in_step(), picture_at(1.1)
    assert sync.show_at_s(ahead, 50.0, None) == 50.0
    assert sync.show_at_s(ahead, 50.0, Playing(voice_at(1.0), 49.9 - STALE_S, 0.03)) == 50.0
    assert LipSync().show_at_s(ahead, 50.0, Playing(voice_at(1.0), 50.0, 0.03)) == 50.0
    only_one = LipSync()
    only_one.on_voice_report(SenderReport(NTP_S, VOICE))
    assert only_one.show_at_s(ahead, 50.0, Playing(voice_at(1.0), 50.0, 0.03)) == 50.0


def test_reports_of_two_clocks_hold_nothing() -> None:
    sync = in_step()
    for _ in range(10):
        sync.on_voice_report(SenderReport(NTP_S + 3600, VOICE))
    assert sync.show_at_s(picture_at(1.1), 50.0, Playing(voice_at(1.0), 50.0, 0.03)) == 50.0


def test_a_report_that_was_sent_late_does_not_count() -> None:
    sync = in_step()
    sync.on_picture_report(SenderReport(NTP_S + 1.03, picture_at(1.0)))
    show_s = sync.show_at_s(picture_at(1.1), 50.0, Playing(voice_at(1.05), 50.0, 0.03))
    assert show_s == pytest.approx(50.05, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), max_size=40))
def test_held_pictures_keep_their_order(times_s: list[tuple[float, float]]) -> None:
    held: HeldPictures[int] = HeldPictures()
    shown: list[int] = []
    for number, (show_s, now_s) in enumerate(times_s):
        held.put(number, show_s)
        shown += held.take(now_s)
        due_s = held.due_s()
        assert due_s is None or due_s > now_s
        assert number + 1 - len(shown) <= MOST_HELD
    shown += held.take(10.0)
    assert shown == list(range(len(times_s)))


def test_what_counts_as_a_freeze() -> None:
    """webrtc-stats: an interval of at least max(3 d, d + 150 ms)."""
    meter = FreezeMeter()
    now_s = 0.0
    for _ in range(40):
        meter.shown(now_s)
        now_s += 0.1
    now_s += 0.19
    meter.shown(now_s)
    assert meter.count == 0, "less than three intervals"
    meter = FreezeMeter()
    for place in range(40):
        meter.shown(place / 30)
    meter.shown(39 / 30 + 0.17)
    assert meter.count == 0
    meter.shown(39 / 30 + 0.17 + 0.25)
    assert meter.count == 1
    assert meter.frozen_s == pytest.approx(0.25)


def test_counts_add_up() -> None:
    one = PictureCounts(received=3, decoded=2, dropped=1, frozen_s=0.5)
    assert one + PictureCounts(received=1, packets_asked=4) == PictureCounts(
        received=4, decoded=2, dropped=1, frozen_s=0.5, packets_asked=4
    )
