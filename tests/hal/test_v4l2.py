"""The talk with a V4L2 driver, against one on paper: the kernel of this machine has none.

The file behind it is real, so opening, mapping, polling and reading are.
"""

import errno
import os
from collections import deque
from pathlib import Path
from typing import Any

import pytest
import videodev2 as v4l2

from hal.camera import v4l2 as under_test
from hal.camera.v4l2 import Captured, PixelFormat, VideoDevice

ROOM = 65536
SIZE = (1280, 720)


class PaperDriver:
    """Keeps the rules of the V4L2 documentation, as far as a capture needs them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(bytes(ROOM * 8))
        self.offered = (v4l2.V4L2_PIX_FMT_YUYV, v4l2.V4L2_PIX_FMT_MJPEG)
        self.filled: deque[tuple[bytes, int, int]] = deque()
        self.queued: list[int] = []
        self.rate: tuple[int, int] | None = None
        self.format: tuple[int, int, int] | None = None
        self.is_streaming = False
        self.fault: int | None = None

    def ioctl(self, fd: int, request: int, argument: Any) -> int:
        if self.fault is not None:
            raise OSError(self.fault, os.strerror(self.fault))
        handlers = {
            v4l2.VIDIOC_ENUM_FMT: self._enumerate,
            v4l2.VIDIOC_TRY_FMT: self._adjust,
            v4l2.VIDIOC_S_FMT: self._set_format,
            v4l2.VIDIOC_S_PARM: self._set_rate,
            v4l2.VIDIOC_REQBUFS: self._request_buffers,
            v4l2.VIDIOC_QUERYBUF: self._describe_buffer,
            v4l2.VIDIOC_QBUF: lambda buffer: self.queued.append(buffer.index),
            v4l2.VIDIOC_DQBUF: self._dequeue,
            v4l2.VIDIOC_STREAMON: lambda kind: self._stream(kind, True),
            v4l2.VIDIOC_STREAMOFF: lambda kind: self._stream(kind, False),
        }
        handlers[request](argument)
        return 0

    def _enumerate(self, described: Any) -> None:
        assert described.type == v4l2.V4L2_BUF_TYPE_VIDEO_CAPTURE
        if described.index >= len(self.offered):
            raise OSError(errno.EINVAL, "no more")
        described.pixelformat = self.offered[described.index]

    def _adjust(self, wanted: Any) -> None:
        pix = wanted.fmt.pix
        pix.width, pix.height = SIZE
        if pix.pixelformat not in self.offered:
            pix.pixelformat = self.offered[0]

    def _set_format(self, wanted: Any) -> None:
        self._adjust(wanted)
        self.format = (wanted.fmt.pix.pixelformat, wanted.fmt.pix.width, wanted.fmt.pix.height)

    def _set_rate(self, wanted: Any) -> None:
        per_frame = wanted.parm.capture.timeperframe
        self.rate = (per_frame.numerator, per_frame.denominator)

    def _request_buffers(self, wanted: Any) -> None:
        assert wanted.memory == v4l2.V4L2_MEMORY_MMAP
        wanted.count = min(wanted.count, 3)

    def _describe_buffer(self, buffer: Any) -> None:
        buffer.length = ROOM
        buffer.m.offset = ROOM * buffer.index

    def _dequeue(self, buffer: Any) -> None:
        assert self.is_streaming
        data, time_us, flags = self.filled.popleft()
        buffer.index = self.queued.pop(0)
        with self.path.open("r+b") as file:
            file.seek(ROOM * buffer.index)
            file.write(data)
        buffer.bytesused, buffer.flags = len(data), flags
        buffer.timestamp.tv_sec, buffer.timestamp.tv_usec = divmod(time_us, 1_000_000)

    def _stream(self, kind: Any, on: bool) -> None:
        assert kind.value == v4l2.V4L2_BUF_TYPE_VIDEO_CAPTURE
        self.is_streaming = on


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PaperDriver:
    driver = PaperDriver(tmp_path / "video0")
    monkeypatch.setattr(under_test.fcntl, "ioctl", driver.ioctl)
    return driver


@pytest.fixture
def device(driver: PaperDriver) -> VideoDevice:
    return VideoDevice(driver.path)


def test_formats_are_asked_for(driver: PaperDriver, device: VideoDevice) -> None:
    assert device.formats() == {PixelFormat.MJPEG, PixelFormat.YUYV}
    assert device.accepts(PixelFormat.MJPEG, *SIZE)
    assert not device.accepts(PixelFormat.MJPEG, 640, 480)
    assert not device.accepts(PixelFormat.H264, *SIZE)
    driver.fault = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        device.formats()
    device.close()


def test_buffers_come_round_with_their_time(driver: PaperDriver, device: VideoDevice) -> None:
    device.configure(PixelFormat.MJPEG, *SIZE, 30)
    assert driver.format == (v4l2.V4L2_PIX_FMT_MJPEG, *SIZE)
    assert driver.rate == (1, 30)
    assert driver.queued == [0, 1, 2]
    device.start()
    for number in range(7):
        driver.filled.append((b"picture %d" % number, 5_000_000 + number * 33_333, 0))
        assert device.read(1) == Captured(
            b"picture %d" % number, (5_000_000 + number * 33_333) * 1000
        )
        assert len(driver.queued) == 3
    driver.filled.append((b"half", 1, v4l2.V4L2_BUF_FLAG_ERROR))
    assert device.read(1) is None
    device.close()
    assert not driver.is_streaming


def test_an_unplugged_device_fails_to_read_and_can_be_closed(
    driver: PaperDriver, device: VideoDevice
) -> None:
    device.configure(PixelFormat.YUYV, *SIZE, 30)
    device.start()
    driver.fault = errno.ENODEV
    with pytest.raises(OSError, match="No such device"):
        device.read(1)
    device.close()


def test_what_is_no_device_is_refused_by_the_kernel(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VideoDevice(tmp_path / "video0")
    device = VideoDevice(Path("/dev/null"))
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        device.formats()
    device.close()
