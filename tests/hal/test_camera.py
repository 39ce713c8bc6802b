"""What every Camera promises, over each back-end that runs on this machine."""

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from hal import Camera, CameraFault, CameraUnavailable, EncodedFrame, Facing, VideoFormat
from hal.camera.live import LiveCamera
from hal.camera.simulated import SimulatedCamera, SimulatedSensors
from tests.hal.film import FilmSources
from tests.hal.listening import Heard
from tests.hal.pictures import nal_types, sps

SMALL = VideoFormat(width=320, height=180, frame_rate_hz=20, bitrate_bps=200_000)
VGA = VideoFormat(width=640, height=480)
PERIOD_NS = 1_000_000_000 // SMALL.frame_rate_hz

MakeCamera = Callable[[tuple[Facing, ...]], Camera]
BOTH = (Facing.FRONT, Facing.REAR)


def simulated(facings: tuple[Facing, ...]) -> Camera:
    return SimulatedCamera(SimulatedSensors(facings))


def live(facings: tuple[Facing, ...]) -> Camera:
    return LiveCamera(FilmSources(facings))


@pytest.fixture(params=[simulated, live])
def make(request: pytest.FixtureRequest) -> Iterator[MakeCamera]:
    made: list[Camera] = []

    def make_one(facings: tuple[Facing, ...] = BOTH) -> Camera:
        made.append(request.param(facings))
        return made[-1]

    yield make_one
    for camera in made:
        camera.close()


@pytest.fixture
def camera(make: MakeCamera) -> Camera:
    return make(BOTH)


@pytest.fixture
def frames() -> Heard[EncodedFrame]:
    return Heard()


@pytest.fixture
def failures() -> Iterator[Heard[CameraUnavailable]]:
    heard: Heard[CameraUnavailable] = Heard()
    yield heard
    assert not heard.items


def test_frames_come_in_order_from_a_keyframe_on(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera.open(Facing.REAR, SMALL, frames, failures)
    seen = frames.wait_count(15)
    assert camera.is_open
    assert [frame.is_keyframe for frame in seen] == [True] + [False] * (len(seen) - 1)
    assert {frame.facing for frame in seen} == {Facing.REAR}
    times = [frame.capture_time_ns for frame in seen]
    assert times == sorted(set(times))


def test_frames_are_paced(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    """Never faster than asked for; how much slower depends on the machine."""
    camera.open(Facing.FRONT, SMALL, frames, failures)
    seen = frames.wait_count(21)
    took_ns = seen[20].capture_time_ns - seen[0].capture_time_ns
    assert 19 * PERIOD_NS < took_ns < 40 * PERIOD_NS


def test_the_frame_rate_changes_while_it_runs(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    """Never faster than asked for, and without a keyframe."""
    camera.set_frame_rate(5)  # closed: nothing happens
    camera.open(Facing.FRONT, SMALL, frames, failures)
    frames.wait_count(3)
    camera.set_frame_rate(10)
    before = len(frames.items) + 2
    seen = frames.wait_count(before + 5)
    assert seen[before + 4].capture_time_ns - seen[before].capture_time_ns > 3 * 2 * PERIOD_NS
    camera.set_frame_rate(1000)
    before = len(frames.items) + 2
    seen = frames.wait_count(before + 9)
    took_ns = seen[before + 8].capture_time_ns - seen[before].capture_time_ns
    assert took_ns > 7 * PERIOD_NS
    assert sum(frame.is_keyframe for frame in seen) == 1
    with pytest.raises(ValueError, match="frame_rate_hz"):
        camera.set_frame_rate(0)


def test_the_profile_is_constrained_baseline(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera.open(Facing.FRONT, SMALL, frames, failures)
    first = frames.wait_count(1)[0]
    _, profile_idc, constraints, _ = sps(first.data)[:4]
    assert profile_idc == 0x42
    assert constraints & 0x40, "constraint_set1_flag"


def test_a_keyframe_carries_its_parameter_sets_and_others_do_not(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera.open(Facing.FRONT, SMALL, frames, failures)
    frames.wait_count(3)
    camera.request_keyframe()
    seen = frames.wait(lambda items: sum(frame.is_keyframe for frame in items) == 2)
    for frame in seen:
        assert frame.data.startswith((b"\0\0\0\1", b"\0\0\1"))
        types = nal_types(frame.data)
        if frame.is_keyframe:
            assert types[:2] == [7, 8]
            assert types[-1] == 5
        else:
            assert types == [1]


def test_a_keyframe_comes_with_the_next_frame(
    camera: Camera, failures: Heard[CameraUnavailable]
) -> None:
    def ask(frame: EncodedFrame, number: int) -> None:
        if number in (4, 9):
            camera.request_keyframe()

    frames: Heard[EncodedFrame] = Heard(ask)
    camera.open(Facing.FRONT, SMALL, frames, failures)
    seen = frames.wait_count(12)[:12]
    assert [at for at, frame in enumerate(seen, 1) if frame.is_keyframe] == [1, 5, 10]


@pytest.mark.spec("4.switch_camera")
def test_a_switch_starts_with_a_keyframe_and_without_a_gap(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera.open(Facing.FRONT, SMALL, frames, failures)
    frames.wait_count(5)
    for facing in (Facing.REAR, Facing.FRONT):
        before = len(frames.items)
        camera.switch(facing)
        frames.wait(lambda items, n=before: len(items) > n + 3)
    seen = frames.items
    times = [frame.capture_time_ns for frame in seen]
    assert times == sorted(set(times))
    turns = [at for at in range(1, len(seen)) if seen[at].facing is not seen[at - 1].facing]
    assert [seen[at].facing for at in turns] == [Facing.REAR, Facing.FRONT]
    for at in turns:
        assert seen[at].is_keyframe
        assert times[at] - times[at - 1] <= 2 * PERIOD_NS


@pytest.mark.spec("4.switch_camera")
def test_the_only_camera_cannot_be_switched(
    make: MakeCamera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera = make((Facing.FRONT,))
    assert camera.facings == (Facing.FRONT,)
    camera.open(Facing.FRONT, SMALL, frames, failures)
    with pytest.raises(CameraUnavailable) as caught:
        camera.switch(Facing.REAR)
    assert caught.value.reason is CameraFault.ONLY_ONE
    count = len(frames.items)
    assert frames.wait_count(count + 2)[-1].facing is Facing.FRONT


def test_an_absent_camera_is_refused(
    make: MakeCamera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera = make((Facing.REAR,))
    with pytest.raises(CameraUnavailable) as caught:
        camera.open(Facing.FRONT, SMALL, frames, failures)
    assert caught.value.reason is CameraFault.ABSENT
    assert not camera.is_open
    camera.open(Facing.REAR, SMALL, frames, failures)
    frames.wait_count(1)


def test_an_open_camera_is_busy_and_goes_on(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera.open(Facing.FRONT, SMALL, frames, failures)
    with pytest.raises(CameraUnavailable) as caught:
        camera.open(Facing.REAR, SMALL, frames, failures)
    assert caught.value.reason is CameraFault.BUSY
    assert camera.is_open
    frames.wait_count(len(frames.items) + 2)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("width", -2), ("width", 33), ("height", 4000), ("frame_rate_hz", 0), ("bitrate_bps", 1)],
)
def test_a_format_that_cannot_be_is_refused(setting: str, value: int) -> None:
    with pytest.raises(ValueError, match=setting):
        VideoFormat(**{setting: value})


def test_a_still_is_of_the_camera_that_films_or_of_a_closed_one(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    still = Image.open(io.BytesIO(camera.snapshot(Facing.REAR, VGA)))
    assert (still.format, still.size) == ("JPEG", (640, 480)), "as a webcam may need it"
    assert not camera.is_open
    camera.open(Facing.FRONT, SMALL, frames, failures)
    still = Image.open(io.BytesIO(camera.snapshot(Facing.FRONT, VGA)))
    assert (still.format, still.size) == ("JPEG", (SMALL.width, SMALL.height))
    with pytest.raises(CameraUnavailable) as caught:
        camera.snapshot(Facing.REAR, SMALL)
    assert caught.value.reason is CameraFault.BUSY
    assert camera.is_open
    frames.wait_count(len(frames.items) + 2)


@pytest.mark.spec("4.pause_video")
def test_closing_ends_it_and_may_be_repeated(
    camera: Camera, frames: Heard[EncodedFrame], failures: Heard[CameraUnavailable]
) -> None:
    camera.close()
    camera.request_keyframe()
    camera.set_bitrate(100_000)
    for _ in range(3):
        before = len(frames.items)
        camera.open(Facing.FRONT, SMALL, frames, failures)
        assert frames.wait_count(before + 2)[before].is_keyframe
        camera.close()
        camera.close()
        assert not camera.is_open
        with pytest.raises(CameraUnavailable):
            camera.switch(Facing.REAR)


def test_no_frame_comes_after_close(camera: Camera, failures: Heard[CameraUnavailable]) -> None:
    is_closed = False
    late: list[EncodedFrame] = []

    def note(frame: EncodedFrame, number: int) -> None:
        if is_closed:
            late.append(frame)

    for _ in range(5):
        frames: Heard[EncodedFrame] = Heard(note)
        is_closed = False
        camera.open(Facing.FRONT, SMALL, frames, failures)
        frames.wait_count(1)
        camera.close()
        is_closed = True
    assert not late
