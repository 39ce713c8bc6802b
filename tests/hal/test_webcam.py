"""USB cameras, as far as it goes without one: what is chosen, what becomes of what they give."""

import errno
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import av
import pytest

from hal import CameraFault, CameraUnavailable, Facing, VideoFormat
from hal.camera.encoder import SoftwareEncoder
from hal.camera.settings import WebcamConfig
from hal.camera.source import SourceFrame
from hal.camera.testcard import TestCard
from hal.camera.v4l2 import Captured, PixelFormat
from hal.camera.webcam import WebcamSource, WebcamSources
from hal.camera.webcam_stream import choose_format
from tests.hal.listening import Heard
from tests.hal.pictures import decoded, nal_types
from tests.hal.test_live_camera import SMALL

H264, MJPEG, YUYV = PixelFormat.H264, PixelFormat.MJPEG, PixelFormat.YUYV
PERIOD_NS = 1_000_000_000 // SMALL.frame_rate_hz


class TapeDevice:
    """A device that gives what it is given."""

    def __init__(self, *formats: int) -> None:
        self.offered = frozenset(formats)
        self.tape: SimpleQueue[Captured | OSError] = SimpleQueue()
        self.configured: tuple[PixelFormat, int, int, int] | None = None
        self.is_closed = False

    def formats(self) -> frozenset[int]:
        return self.offered

    def accepts(self, pixel_format: PixelFormat, width: int, height: int) -> bool:
        return (width, height) == (SMALL.width, SMALL.height)

    def configure(self, pixel_format: PixelFormat, width: int, height: int, rate_hz: int) -> None:
        self.configured = (pixel_format, width, height, rate_hz)

    def start(self) -> None:
        pass

    def read(self, timeout_s: float) -> Captured | None:
        try:
            item = self.tape.get(timeout=timeout_s)
        except Empty:
            return None
        if isinstance(item, OSError):
            raise item
        return item

    def close(self) -> None:
        self.is_closed = True


class Rig:
    def __init__(self, device: TapeDevice, pass_h264_through: bool = False) -> None:
        self.device = device
        self.source = WebcamSource(device, SMALL, pass_h264_through)
        self.frames: Heard[SourceFrame] = Heard()
        self.losses: Heard[CameraUnavailable] = Heard()
        self.source.start(self.frames, self.losses)

    def play(self, *captured: bytes) -> None:
        for number, data in enumerate(captured, len(self.frames.items) + 1):
            self.device.tape.put(Captured(data, number * PERIOD_NS))


@pytest.fixture
def card() -> TestCard:
    return TestCard(Facing.FRONT, SMALL.width, SMALL.height)


@pytest.fixture
def rigs() -> Iterator[list[Rig]]:
    made: list[Rig] = []
    yield made
    for rig in made:
        rig.source.close()
        rig.source.close()
        assert rig.device.is_closed


def pictures(card: TestCard, kind: PixelFormat, count: int) -> list[bytes]:
    """As a camera gives them."""
    shown = [av.VideoFrame.from_ndarray(card.draw(n, 0), format="yuv420p") for n in range(count)]
    if kind is YUYV:
        return [bytes(frame.reformat(format="yuyv422").planes[0]) for frame in shown]
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = SMALL.width, SMALL.height, "yuvj422p"
    encoder.framerate = SMALL.frame_rate_hz
    return [
        bytes(packet)
        for frame in shown
        for packet in encoder.encode(frame.reformat(format="yuvj422p"))
    ]


@pytest.mark.parametrize("kind", [MJPEG, YUYV])
def test_pictures_are_encoded_as_a_camera_must(
    kind: PixelFormat, card: TestCard, rigs: list[Rig]
) -> None:
    rigs.append(rig := Rig(TapeDevice(kind)))
    assert rig.device.configured == (kind, SMALL.width, SMALL.height, SMALL.frame_rate_hz)
    rig.play(*pictures(card, kind, 3))
    rig.frames.wait_count(3)
    rig.source.request_keyframe()
    rig.play(*pictures(card, kind, 2))
    seen = rig.frames.wait_count(5)
    assert [frame.is_keyframe for frame in seen] == [True, False, False, True, False]
    assert nal_types(seen[0].data)[:2] == [7, 8]
    times = [frame.capture_time_ns for frame in seen]
    assert times == sorted(set(times))
    assert len(decoded(seen)) == 5


def test_a_damaged_picture_is_left_out(card: TestCard, rigs: list[Rig]) -> None:
    rigs.append(rig := Rig(TapeDevice(MJPEG)))
    good = pictures(card, MJPEG, 3)
    rig.play(good[0], b"noise", good[1])
    assert [frame.is_keyframe for frame in rig.frames.wait_count(2)] == [True, False]
    assert not rig.losses.items


def test_fewer_pictures_are_encoded_when_asked(card: TestCard, rigs: list[Rig]) -> None:
    rigs.append(rig := Rig(TapeDevice(YUYV)))
    rig.source.set_frame_rate(SMALL.frame_rate_hz // 4)
    rig.play(*pictures(card, YUYV, 12))
    rig.device.tape.put(OSError(errno.ENODEV, "No such device"))
    rig.losses.wait_count(1)
    assert 3 <= len(rig.frames.items) <= 4


def test_its_own_h264_is_passed_through_as_it_comes(card: TestCard, rigs: list[Rig]) -> None:
    rigs.append(rig := Rig(TapeDevice(H264, MJPEG), pass_h264_through=True))
    encoder = SoftwareEncoder(SMALL)
    made = [encoder.encode(card.draw(n, 0), keyframe=n == 2)[0] for n in range(4)]
    rig.source.request_keyframe()
    rig.source.set_bitrate(90_000)
    rig.source.set_frame_rate(5)
    rig.play(*made)
    seen = rig.frames.wait_count(4)
    assert [frame.is_keyframe for frame in seen] == [True, False, True, False]
    assert len(decoded(seen)) == 4


def test_another_profile_is_not_passed_through(rigs: list[Rig]) -> None:
    rigs.append(rig := Rig(TapeDevice(H264), pass_h264_through=True))
    start = b"\0\0\0\1"
    rig.play(start + b"\x67\x64\x00\x1f" + start + b"\x68\xce" + start + b"\x65\x88\x11")
    (loss,) = rig.losses.wait_count(1)
    assert loss.reason is CameraFault.FAILED
    assert "profile 100" in str(loss)


def test_an_unplugged_camera_says_so(rigs: list[Rig]) -> None:
    rigs.append(rig := Rig(TapeDevice(MJPEG)))
    rig.device.tape.put(OSError(errno.ENODEV, "No such device"))
    assert rig.losses.wait_count(1)[0].reason is CameraFault.DISCONNECTED


@pytest.mark.parametrize(
    ("formats", "passed", "chosen"),
    [
        ((H264, MJPEG, YUYV), False, MJPEG),
        ((H264, YUYV), False, YUYV),
        ((H264, MJPEG), True, H264),
        ((YUYV, 1), True, YUYV),
        ((H264,), True, H264),
    ],
)
def test_a_format_is_chosen(formats: tuple[int, ...], passed: bool, chosen: PixelFormat) -> None:
    assert choose_format(TapeDevice(*formats), SMALL, passed) is chosen


def test_a_camera_with_no_format_of_use_is_refused_with_a_hint() -> None:
    with pytest.raises(CameraUnavailable, match="pass_h264_through"):
        choose_format(TapeDevice(H264), SMALL, pass_h264_through=False)
    with pytest.raises(CameraUnavailable, match=r"1280 x 720 as MJPEG or YUYV.*\[video\]\.$"):
        choose_format(TapeDevice(MJPEG), VideoFormat(), pass_h264_through=False)


def plug(root: Path, number: int, model: str, *ports: str) -> None:
    """As udev and sysfs show it."""
    device = root / f"dev/video{number}"
    links = root / "dev/v4l/by-path"
    links.mkdir(parents=True, exist_ok=True)
    device.touch()
    for port in ports:
        (links / f"platform-xhci-hcd.0-{port}-video-index0").symlink_to(device)
    name = root / f"sys/class/video4linux/video{number}/name"
    name.parent.mkdir(parents=True)
    name.write_text(model + "\n")


def test_cameras_are_told_apart_by_model_or_port(tmp_path: Path) -> None:
    plug(tmp_path, 0, "HD Pro Webcam C920", "usb-0:1:1.0", "usbv2-0:1:1.0")
    plug(tmp_path, 2, "Door Cam", "usb-0:2:1.0")
    plug(tmp_path, 10, "bcm2835-codec-decode", "codec")
    both = (Facing.FRONT, Facing.REAR)
    for config in (WebcamConfig(), WebcamConfig(front="Door"), WebcamConfig(rear="usb-0:1:")):
        assert WebcamSources(config, tmp_path).look() == both
    assert WebcamSources(WebcamConfig(front="C930"), tmp_path).look() == (Facing.REAR,)
    assert WebcamSources(WebcamConfig(), tmp_path / "nothing").look() == ()


def test_what_is_no_camera_or_gone_is_refused(tmp_path: Path) -> None:
    plug(tmp_path, 0, "A file", "usb-0:1:1.0")
    sources = WebcamSources(WebcamConfig(), tmp_path)
    assert sources.look() == (Facing.FRONT,)
    with pytest.raises(CameraUnavailable) as caught:
        sources.make(Facing.FRONT, SMALL)
    assert caught.value.reason is CameraFault.FAILED
    (tmp_path / "dev/v4l/by-path/platform-xhci-hcd.0-usb-0:1:1.0-video-index0").unlink()
    for facing in Facing:
        with pytest.raises(CameraUnavailable) as caught:
            sources.make(facing, SMALL)
        assert caught.value.reason is CameraFault.ABSENT
