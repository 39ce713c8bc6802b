"""The simulated cameras: their picture, their stamp, and all that can be made to go wrong."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from hal import CameraFault, CameraUnavailable, EncodedFrame, Facing, VideoFormat
from hal.camera import stamp
from hal.camera.encoder import SoftwareEncoder
from hal.camera.picture import PictureKind
from hal.camera.simulated import SILENT_AFTER_S, SimulatedCamera, SimulatedSensors
from hal.camera.testcard import TestCard
from tests.hal.listening import Heard
from tests.hal.pictures import decoded, luma

SMALL = VideoFormat(width=320, height=180, frame_rate_hz=20, bitrate_bps=200_000)


class Rig:
    """A camera and what it reported."""

    def __init__(self) -> None:
        self.sensors = SimulatedSensors()
        self.camera = SimulatedCamera(self.sensors, silent_after_s=0.3)
        self.frames: Heard[EncodedFrame] = Heard()
        self.failures: Heard[CameraUnavailable] = Heard()

    def open(self, facing: Facing = Facing.FRONT, video: VideoFormat = SMALL) -> None:
        self.camera.open(facing, video, self.frames, self.failures)

    def wait_more(self, count: int) -> list[EncodedFrame]:
        """``count`` frames from now on."""
        before = len(self.frames.items)
        return self.frames.wait_count(before + count)[before:]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.camera.close()


def test_every_picture_is_proved_by_its_stamp_at_both_sizes(rig: Rig) -> None:
    """720p at 2 Mb/s, as a receiver decodes it, and scaled down to 640 x 360."""
    rig.open(video=VideoFormat())
    rig.frames.wait_count(20)
    rig.camera.switch(Facing.REAR)
    rig.frames.wait(lambda items: sum(frame.facing is Facing.REAR for frame in items) >= 10)
    now_ns, now_epoch_ms = time.monotonic_ns(), time.time_ns() // 1_000_000
    rig.camera.close()
    frames = rig.frames.items
    pictures = decoded(frames)
    assert len(pictures) == len(frames)
    numbers = []
    for frame, picture in zip(frames, pictures, strict=True):
        shown = stamp.read(luma(picture))
        assert shown is not None
        assert shown.facing is frame.facing
        assert stamp.read(luma(picture, 640, 360)) == shown
        assert frame.encode_begun_ns is not None
        assert 0 < frame.encode_begun_ns - frame.capture_time_ns < 1e9
        age_ms = (now_ns - frame.capture_time_ns) / 1e6
        assert abs(shown.age_ms(now_epoch_ms) - age_ms) < 20
        numbers.append(shown.frame_number)
    assert numbers == sorted(set(numbers))
    assert rig.camera.encoded_frames == len(frames)


def test_the_two_cards_differ_in_colour_and_move() -> None:
    cards = {facing: TestCard(facing, 640, 360) for facing in Facing}
    chroma = {facing: card.draw(0, 0)[360:].copy() for facing, card in cards.items()}
    assert np.abs(chroma[Facing.FRONT] - chroma[Facing.REAR].astype(int)).mean() > 30
    below_stamp = 360 // 4
    first = cards[Facing.FRONT].draw(0, 0)[below_stamp:360].copy()
    moved = cards[Facing.FRONT].draw(1, 0)[below_stamp:360].copy()
    later = cards[Facing.FRONT].draw(0, 1_000_000_000)[below_stamp:360].copy()
    assert (first != moved).any(), "the bar"
    assert (first != later).any(), "the clock"


def test_a_card_is_drawn_in_a_few_milliseconds() -> None:
    card = TestCard(Facing.FRONT, 1280, 720)
    start_s = time.thread_time()
    for number in range(30):
        card.draw(number, time.time_ns())
    assert (time.thread_time() - start_s) / 30 < 0.008


@pytest.mark.parametrize("size", [(1281, 720), (1280, 721), (160, 90)])
def test_a_card_too_small_or_crooked_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiple of 40"):
        TestCard(Facing.FRONT, *size)


class Filmed:
    """A busy picture through an encoder, a second at a time."""

    def __init__(self, video: VideoFormat) -> None:
        self.encoder = SoftwareEncoder(video)
        self.card = TestCard(Facing.FRONT, video.width, video.height, PictureKind.BUSY)
        self.frames = 0
        self.keyframes = 0

    def second(self, pictures: int) -> int:
        """The bits of so many pictures."""
        octets = 0
        for _ in range(pictures):
            data, is_keyframe = self.encoder.encode(self.card.draw(self.frames, 0), keyframe=False)
            self.frames += 1
            self.keyframes += is_keyframe
            octets += len(data)
        return octets * 8


def test_the_bitrate_follows_down_and_up_without_a_keyframe() -> None:
    filmed = Filmed(VideoFormat(640, 360, 30, 1_500_000))
    for bitrate_bps in (1_000_000, 300_000, 150_000, 2_000_000, 600_000):
        filmed.encoder.set_bitrate(bitrate_bps)
        filmed.second(20)  # until it has settled
        assert filmed.second(30) == pytest.approx(bitrate_bps, rel=0.15)
    assert filmed.keyframes == 1


def test_far_above_the_first_bitrate_the_encoder_starts_anew() -> None:
    filmed = Filmed(VideoFormat(640, 360, 30, 300_000))
    filmed.second(30)
    filmed.encoder.set_bitrate(3_000_000)
    filmed.second(12)
    assert filmed.keyframes == 2
    assert filmed.second(30) == pytest.approx(3_000_000, rel=0.15)


def test_fewer_pictures_share_the_same_bitrate() -> None:
    filmed = Filmed(VideoFormat(640, 360, 30, 400_000))
    for pictures in (30, 15, 10, 30):
        filmed.encoder.set_frame_rate(pictures)
        filmed.second(pictures)
        assert filmed.second(pictures) == pytest.approx(400_000, rel=0.2)


def test_a_busy_picture_keeps_its_stamp_at_every_bitrate(rig: Rig) -> None:
    rig.camera = SimulatedCamera(rig.sensors, picture=PictureKind.BUSY)
    rig.open(video=VideoFormat())
    rig.frames.wait_count(3)
    rig.camera.set_bitrate(150_000)
    frames = rig.frames.wait_count(25)
    rig.camera.close()
    assert all(stamp.read(luma(picture)) is not None for picture in decoded(frames))


def test_a_board_has_one_opener_at_a_time(rig: Rig) -> None:
    other = SimulatedCamera(rig.sensors)
    rig.open()
    with pytest.raises(CameraUnavailable) as caught:
        other.open(Facing.REAR, SMALL, rig.frames, rig.failures)
    assert caught.value.reason is CameraFault.BUSY
    other.close()
    assert len(rig.wait_more(2)) >= 2, "closing the one that was refused takes nothing away"
    rig.camera.close()
    other.open(Facing.REAR, SMALL, rig.frames, rig.failures)
    other.close()


def test_an_unplugged_camera_says_so_at_once_and_comes_back(rig: Rig) -> None:
    rig.open()
    rig.frames.wait_count(2)
    rig.sensors.unplug(Facing.FRONT)
    unplugged_s = time.monotonic()
    (failure,) = rig.failures.wait_count(1)
    assert time.monotonic() - unplugged_s < 0.3
    assert failure.reason is CameraFault.DISCONNECTED
    assert not rig.camera.is_open
    assert rig.camera.facings == (Facing.REAR,)
    rig.sensors.plug(Facing.FRONT)
    before = len(rig.frames.items)
    rig.open()  # without a close in between: the failure has closed it
    assert rig.frames.wait_count(before + 1)[before].is_keyframe
    assert len(rig.failures.items) == 1


def test_unplugging_the_other_camera_disturbs_nobody(rig: Rig) -> None:
    rig.open()
    rig.sensors.unplug(Facing.REAR)
    rig.wait_more(3)
    assert not rig.failures.items


def test_a_silent_camera_is_reported_after_the_watchdog(rig: Rig) -> None:
    assert SILENT_AFTER_S == 2.0
    rig.open()
    rig.frames.wait_count(2)
    last_ns = rig.frames.items[-1].capture_time_ns
    rig.sensors.go_silent(Facing.FRONT)
    (failure,) = rig.failures.wait_count(1)
    assert failure.reason is CameraFault.SILENT
    assert time.monotonic_ns() - last_ns > 0.3e9
    assert not rig.camera.is_open


def test_one_can_switch_away_from_a_silent_camera(rig: Rig) -> None:
    rig.open()
    rig.frames.wait_count(2)
    rig.sensors.go_silent(Facing.FRONT)
    rig.camera.switch(Facing.REAR)
    seen = rig.frames.wait(lambda items: items[-1].facing is Facing.REAR)
    assert seen[-1].is_keyframe
    rig.wait_more(10)  # longer than the watchdog
    assert not rig.failures.items


def test_a_switch_to_a_silent_camera_shows_nothing_of_it(rig: Rig) -> None:
    rig.open()
    rig.sensors.go_silent(Facing.REAR)
    rig.camera.switch(Facing.REAR)
    assert rig.failures.wait_count(1)[0].reason is CameraFault.SILENT
    assert {frame.facing for frame in rig.frames.items} <= {Facing.FRONT}


@pytest.mark.parametrize("fault", CameraFault)
def test_the_next_opening_fails_as_told_and_the_one_after_does_not(
    rig: Rig, fault: CameraFault
) -> None:
    rig.sensors.fail_next_open(fault)
    with pytest.raises(CameraUnavailable) as caught:
        rig.open()
    assert caught.value.reason is fault
    assert not rig.camera.is_open
    rig.open()
    rig.frames.wait_count(1)


def test_a_receiver_that_raises_ends_the_camera_with_a_report(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(frame: EncodedFrame) -> None:
        raise RuntimeError("the receiver is broken")

    rig.camera.open(Facing.FRONT, SMALL, broken, rig.failures)
    (failure,) = rig.failures.wait_count(1)
    assert failure.reason is CameraFault.FAILED
    assert "the receiver is broken" in caplog.text
    rig.open()
    rig.frames.wait_count(1)


def test_frames_that_come_too_late_are_left_out(rig: Rig) -> None:
    """While the receiver blocks, another camera counts the frames that are missed."""
    clock: Heard[EncodedFrame] = Heard()
    other = SimulatedCamera()
    released = threading.Event()

    def block(frame: EncodedFrame, number: int) -> None:
        if number == 3:
            released.set()
            clock.wait_count(len(clock.items) + 8)

    rig.frames = Heard(block)
    other.open(Facing.FRONT, SMALL, clock, rig.failures)
    try:
        rig.open()
        frames = rig.frames.wait_count(6)[:6]
    finally:
        other.close()
        rig.camera.close()
    assert released.is_set()
    stamps = [stamp.read(luma(picture)) for picture in decoded(frames)]
    numbers = [shown.frame_number for shown in stamps if shown]
    assert numbers[3] - numbers[2] >= 6
    times = [frame.capture_time_ns for frame in frames]
    assert times[5] - times[3] > 40_000_000, "no burst to catch up"
