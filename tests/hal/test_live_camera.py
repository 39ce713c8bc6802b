"""The watch over a live camera: what it mends, what it reports, what it frees."""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

import pytest

from hal import CameraFault, CameraUnavailable, EncodedFrame, Facing, VideoFormat
from hal.camera.live import LiveCamera
from hal.camera.source import SourceFrame
from hal.camera.timing import Timing
from tests.hal.film import FilmSource, FilmSources
from tests.hal.listening import Heard

SMALL = VideoFormat(width=320, height=180, frame_rate_hz=20, bitrate_bps=200_000)
QUICK = Timing(silent_after_s=0.6, starts_within_s=1.2, mends_within_s=1.2, opens_within_s=1.2)
"""Long enough that a busy machine's test card is not taken for a silent camera."""


class Rig:
    def __init__(self) -> None:
        self.sources = FilmSources()
        self.camera = LiveCamera(self.sources, QUICK)
        self.frames: Heard[EncodedFrame] = Heard()
        self.failures: Heard[CameraUnavailable] = Heard()

    def open(self, facing: Facing = Facing.FRONT) -> None:
        self.camera.open(facing, SMALL, self.frames, self.failures)

    def wait_more(self, count: int) -> list[EncodedFrame]:
        before = len(self.frames.items)
        return self.frames.wait_count(before + count)[before:]


def wake(rig: Rig) -> None:
    """Drivers that hang do so no longer, and what they opened too late is closed."""
    rig.sources.freed.set()
    for thread in threading.enumerate():
        if thread.name == "camera open":
            thread.join()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.camera.close()
    wake(rig)
    assert rig.sources.open_facings == []


def test_a_silent_camera_is_opened_again_and_nobody_need_know(rig: Rig) -> None:
    rig.open()
    rig.frames.wait_count(3)
    first = rig.sources.made[0]
    rig.sources.silent.add(Facing.FRONT)
    # It heals with being closed, as a hung sensor does.
    close = first.close

    def close_and_heal() -> None:
        close()
        rig.sources.silent.clear()

    first.close = close_and_heal  # type: ignore[method-assign]
    before = len(rig.frames.items)
    seen = rig.frames.wait(lambda items: sum(frame.is_keyframe for frame in items) == 2)
    assert all(frame.facing is Facing.FRONT for frame in seen[before:])
    assert first.is_closed
    assert not rig.failures.items
    times = [frame.capture_time_ns for frame in rig.wait_more(3)]
    assert times == sorted(set(times))


def test_one_that_stays_silent_is_reported_once_and_closed(rig: Rig) -> None:
    rig.open()
    rig.sources.silent.add(Facing.FRONT)
    (failure,) = rig.failures.wait_count(1)
    assert failure.reason is CameraFault.SILENT
    assert not rig.camera.is_open
    assert rig.sources.open_facings == []
    rig.sources.silent.clear()
    before = len(rig.frames.items)
    rig.open()
    assert rig.frames.wait_count(before + 1)[before].is_keyframe
    assert len(rig.failures.items) == 1


def test_one_that_is_lost_and_does_not_come_back_is_reported_with_its_reason(rig: Rig) -> None:
    rig.open()
    rig.sources.present = (Facing.REAR,)
    rig.sources.made[0].lose(CameraUnavailable(CameraFault.DISCONNECTED, "Gone."))
    assert rig.failures.wait_count(1)[0].reason is CameraFault.DISCONNECTED


def test_what_was_asked_for_holds_for_the_source_that_takes_over(rig: Rig) -> None:
    rig.open()
    rig.camera.set_bitrate(90_000)
    rig.camera.set_frame_rate(5)
    rig.camera.switch(Facing.REAR)
    rear = next(source for source in rig.sources.made if source.facing is Facing.REAR)
    assert set(rear.bitrates) == {90_000}
    seen = rig.wait_more(4)[1:]
    assert seen[-1].capture_time_ns - seen[0].capture_time_ns > 0.3e9


def test_a_switch_to_a_camera_that_fails_leaves_the_old_one_filming(rig: Rig) -> None:
    rig.sources.broken.add(Facing.REAR)
    rig.open()
    with pytest.raises(CameraUnavailable) as caught:
        rig.camera.switch(Facing.REAR)
    assert caught.value.reason is CameraFault.FAILED
    rig.sources.broken.clear()
    rig.sources.silent.add(Facing.REAR)
    with pytest.raises(CameraUnavailable) as caught:
        rig.camera.switch(Facing.REAR)
    assert caught.value.reason is CameraFault.SILENT
    assert {frame.facing for frame in rig.wait_more(3)} == {Facing.FRONT}
    rig.sources.silent.clear()
    rig.camera.switch(Facing.REAR)
    assert rig.wait_more(1)[0].facing is Facing.REAR
    assert not rig.failures.items


class Released(threading.Condition):
    """Does something the moment that it has been released by an error."""

    then: Callable[[], None] | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        then, Released.then = (Released.then, None) if error is not None else (None, Released.then)
        if then is not None:
            then()


def test_a_first_frame_that_comes_just_too_late_changes_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(threading, "Condition", Released)
        rig.open()
    rig.frames.wait_count(3)
    rig.sources.silent.add(Facing.REAR)

    def arrive() -> None:
        rear = next(source for source in rig.sources.made if source.facing is Facing.REAR)
        rear.deliver(SourceFrame(b"late", True, time.monotonic_ns()))

    Released.then = arrive
    with pytest.raises(CameraUnavailable, match="gives no picture"):
        rig.camera.switch(Facing.REAR)
    assert Released.then is None
    assert {frame.facing for frame in rig.wait_more(3)} == {Facing.FRONT}
    rig.camera.close()
    assert rig.sources.open_facings == []


def test_a_camera_that_fails_after_its_first_frame_gives_the_picture_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: FilmSource, bitrate_bps: int) -> None:
        source.bitrates.append(bitrate_bps)
        if source.facing is Facing.REAR and len(source.bitrates) > 1:
            raise OSError(errno.EIO, "the codec block is in trouble")

    monkeypatch.setattr(FilmSource, "set_bitrate", refuse)
    rig.open()
    rig.frames.wait_count(3)
    with pytest.raises(CameraUnavailable) as caught:
        rig.camera.switch(Facing.REAR)
    assert caught.value.reason is CameraFault.FAILED
    seen = rig.wait_more(3)
    ours = [frame for frame in seen if frame.facing is Facing.FRONT]
    assert ours[-3:] == seen[-3:], "the rear camera is over"
    first = next(
        after
        for before, after in zip(rig.frames.items, rig.frames.items[1:], strict=False)
        if (before.facing, after.facing) == (Facing.REAR, Facing.FRONT)
    )
    assert first.is_keyframe, "decoders have seen another stream in between"
    rig.camera.close()
    assert rig.sources.open_facings == []


def test_a_watch_that_meets_another_kind_of_error_reports_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.open()

    def fail(source: FilmSource, bitrate_bps: int) -> None:
        raise OSError(errno.EIO, "the codec block is in trouble")

    monkeypatch.setattr(FilmSource, "set_bitrate", fail)
    rig.sources.made[0].lose(CameraUnavailable(CameraFault.DISCONNECTED, "Gone."))
    assert rig.failures.wait_count(1)[0].reason is CameraFault.DISCONNECTED
    assert not rig.camera.is_open


def test_a_driver_that_hangs_in_opening_is_refused_and_closed_when_it_wakes(rig: Rig) -> None:
    rig.sources.hanging.add(Facing.FRONT)
    with pytest.raises(CameraUnavailable) as caught:
        rig.open()
    assert caught.value.reason is CameraFault.SILENT
    with pytest.raises(CameraUnavailable, match="does not open"):
        rig.camera.snapshot(Facing.FRONT, SMALL)
    wake(rig)
    assert rig.sources.made
    assert rig.sources.open_facings == []


def test_a_switch_to_a_driver_that_hangs_leaves_the_old_camera_watched(rig: Rig) -> None:
    rig.sources.hanging.add(Facing.REAR)
    rig.open()
    with pytest.raises(CameraUnavailable, match="does not open"):
        rig.camera.switch(Facing.REAR)
    rig.wait_more(3)
    rig.sources.silent.add(Facing.FRONT)
    assert rig.failures.wait_count(1)[0].reason is CameraFault.SILENT


def test_a_close_does_not_wait_for_a_driver_that_hangs(rig: Rig) -> None:
    waiting = Timing(opens_within_s=600.0, closes_within_s=0.05)
    rig.camera = LiveCamera(rig.sources, waiting)
    rig.sources.hanging.add(Facing.REAR)
    rig.open()
    rig.camera.close()  # the rear one was to stand by
    assert rig.sources.open_facings == []


def test_switching_to_where_it_looks_changes_nothing(rig: Rig) -> None:
    rig.open()
    rig.camera.switch(Facing.FRONT)
    assert sum(frame.is_keyframe for frame in rig.wait_more(3)) == 0


def test_a_camera_that_opens_without_pictures_is_refused(rig: Rig) -> None:
    rig.sources.silent.add(Facing.FRONT)
    with pytest.raises(CameraUnavailable) as caught:
        rig.open()
    assert caught.value.reason is CameraFault.SILENT
    assert not rig.camera.is_open
    assert rig.sources.open_facings == []


def test_a_receiver_that_raises_ends_the_camera_with_a_report(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(frame: EncodedFrame) -> None:
        raise RuntimeError("the receiver is broken")

    rig.camera.open(Facing.FRONT, SMALL, broken, rig.failures)
    assert rig.failures.wait_count(1)[0].reason is CameraFault.FAILED
    assert "the receiver is broken" in caplog.text
    rig.open()
    rig.frames.wait_count(1)


def test_a_still_of_a_closed_camera_closes_it_again(rig: Rig) -> None:
    assert rig.camera.snapshot(Facing.REAR, SMALL).startswith(b"\xff\xd8")
    assert rig.sources.open_facings == []
    rig.sources.silent.add(Facing.FRONT)
    with pytest.raises(CameraUnavailable) as caught:
        rig.camera.snapshot(Facing.FRONT, SMALL)
    assert caught.value.reason is CameraFault.SILENT
    assert rig.sources.open_facings == []


def test_a_keyframe_can_be_asked_for_from_the_first_frame_on(rig: Rig) -> None:
    rig.frames = Heard(lambda frame, number: rig.camera.request_keyframe())
    rig.open()
    assert all(frame.is_keyframe for frame in rig.frames.wait_count(4))
