"""The kernel's capture devices (Video4Linux2), as USB cameras are: formats and buffers.

Names and numbers are those of linux/videodev2.h, by Raspberry Pi's binding of it. Not yet run on a
device.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import select
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import videodev2

_CAPTURE = videodev2.V4L2_BUF_TYPE_VIDEO_CAPTURE
_BUFFERS = 4
_MOST_FORMATS = 64


class PixelFormat(IntEnum):
    """What a camera may give, of what can be made use of."""

    H264 = videodev2.V4L2_PIX_FMT_H264
    MJPEG = videodev2.V4L2_PIX_FMT_MJPEG
    YUYV = videodev2.V4L2_PIX_FMT_YUYV


@dataclass(frozen=True, slots=True)
class Captured:
    """What one buffer held. ``time_ns``: the driver's, as a rule on the clock of time.monotonic_ns."""

    data: bytes
    time_ns: int


class VideoDevice:
    """One open device. All may raise OSError, ENODEV once it is unplugged. From one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._maps: list[mmap.mmap] = []
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)

    def formats(self) -> frozenset[int]:
        """The codes of all that it can give."""
        found = set()
        for index in range(_MOST_FORMATS):
            described = videodev2.v4l2_fmtdesc(index=index, type=_CAPTURE)
            try:
                self._ioctl(videodev2.VIDIOC_ENUM_FMT, described)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                break
            found.add(described.pixelformat)
        return frozenset(found)

    def accepts(self, pixel_format: PixelFormat, width: int, height: int) -> bool:
        """Whether it gives exactly that size in this format."""
        tried = _format(pixel_format, width, height)
        self._ioctl(videodev2.VIDIOC_TRY_FMT, tried)
        pix = tried.fmt.pix
        return (pix.pixelformat, pix.width, pix.height) == (pixel_format, width, height)

    def configure(
        self, pixel_format: PixelFormat, width: int, height: int, frame_rate_hz: int
    ) -> None:
        """Once, before ``start``. EBUSY: another program streams."""
        self._ioctl(videodev2.VIDIOC_S_FMT, _format(pixel_format, width, height))
        rate = videodev2.v4l2_streamparm(type=_CAPTURE)
        rate.parm.capture.timeperframe.numerator = 1
        rate.parm.capture.timeperframe.denominator = frame_rate_hz
        with suppress(OSError):  # drivers need not know it; then it is as it is
            self._ioctl(videodev2.VIDIOC_S_PARM, rate)
        wanted = videodev2.v4l2_requestbuffers(
            count=_BUFFERS, type=_CAPTURE, memory=videodev2.V4L2_MEMORY_MMAP
        )
        self._ioctl(videodev2.VIDIOC_REQBUFS, wanted)
        for index in range(wanted.count):
            buffer = _buffer(index)
            self._ioctl(videodev2.VIDIOC_QUERYBUF, buffer)
            self._maps.append(
                mmap.mmap(
                    self._fd,
                    buffer.length,
                    mmap.MAP_SHARED,
                    mmap.PROT_READ | mmap.PROT_WRITE,
                    offset=buffer.m.offset,
                )
            )
            self._ioctl(videodev2.VIDIOC_QBUF, _buffer(index))

    def start(self) -> None:
        self._ioctl(videodev2.VIDIOC_STREAMON, ctypes.c_int(_CAPTURE))

    def read(self, timeout_s: float) -> Captured | None:
        """The next buffer; None if none came in time, or a broken one."""
        if not self._poll.poll(timeout_s * 1000):
            return None
        buffer = _buffer(0)
        self._ioctl(videodev2.VIDIOC_DQBUF, buffer)
        data = self._maps[buffer.index][: buffer.bytesused]
        self._ioctl(videodev2.VIDIOC_QBUF, _buffer(buffer.index))
        if not data or buffer.flags & videodev2.V4L2_BUF_FLAG_ERROR:
            return None
        stamp = buffer.timestamp
        return Captured(data, (stamp.tv_sec * 1_000_000 + stamp.tv_usec) * 1000)

    def close(self) -> None:
        """Stops the sensor. Once."""
        with suppress(OSError):  # unplugged, or never started
            self._ioctl(videodev2.VIDIOC_STREAMOFF, ctypes.c_int(_CAPTURE))
        for buffer in self._maps:
            buffer.close()
        os.close(self._fd)

    def _ioctl(self, request: int, argument: Any) -> None:
        fcntl.ioctl(self._fd, request, argument)


def _format(pixel_format: PixelFormat, width: int, height: int) -> Any:
    wanted = videodev2.v4l2_format(type=_CAPTURE)
    pix = wanted.fmt.pix
    pix.width, pix.height, pix.pixelformat = width, height, pixel_format
    pix.field = videodev2.V4L2_FIELD_NONE
    return wanted


def _buffer(index: int) -> Any:
    return videodev2.v4l2_buffer(index=index, type=_CAPTURE, memory=videodev2.V4L2_MEMORY_MMAP)
