"""The codec block of a Raspberry Pi on paper, so that picamera2's real driver of it can be run.

It answers the driver's calls as bcm2835-codec does, as far as picamera2 makes them, and encodes with
x264 what it is given. What the real one makes of it is another matter.
"""

import errno
import fcntl
import mmap
import select
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import av
import numpy as np
import videodev2 as v4l2
from picamera2.encoders import v4l2_encoder

from hal import VideoFormat
from hal.camera.encoder import SoftwareEncoder

ROOM = 512 << 10
_ioctl = fcntl.ioctl


class PaperCodec:
    """One opening of /dev/video11."""

    opened: ClassVar[dict[int, "PaperCodec"]] = {}
    settings: ClassVar[list[tuple[int, int]]] = []
    """Control and value, of all, in order."""
    refused: ClassVar[set[int]] = set()
    """Requests that fail."""

    def __init__(self, video: VideoFormat) -> None:
        self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # the driver closes it
        self.file.truncate(16 * ROOM)
        self._video = video
        self._encoder = SoftwareEncoder(video, "nv12")
        self._changed = threading.Condition()
        self._taken: deque[int] = deque()
        self._done: deque[tuple[bytes, bool, int, int]] = deque()
        self._free: deque[int] = deque()
        self._keyframe = False
        self._frames = 0
        self.opened[self.file.fileno()] = self

    def ioctl(self, request: int, argument: Any) -> int:
        if request in self.refused:
            raise OSError(errno.EIO, "the block is in trouble")
        if request == v4l2.VIDIOC_S_CTRL:
            self.settings.append((argument.id, argument.value))
            self._keyframe |= argument.id == v4l2.V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME
        elif request == v4l2.VIDIOC_QUERYBUF:
            argument.m.planes[0].length = ROOM
            argument.m.planes[0].m.mem_offset = ROOM * argument.index
        elif request in (v4l2.VIDIOC_QBUF, v4l2.VIDIOC_DQBUF):
            is_picture = argument.type == v4l2.V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
            if request == v4l2.VIDIOC_DQBUF:
                (self._give_back if is_picture else self._give)(argument)
            elif is_picture:
                self._take(argument)
            else:
                self._free.append(argument.index)
        return 0

    def wait(self, timeout_s: float) -> list[tuple[int, int]]:
        with self._changed:
            ready = self._changed.wait_for(lambda: self._done, timeout_s)
        return [(self.file.fileno(), select.POLLIN | select.POLLOUT)] if ready else []

    def _take(self, buffer: Any) -> None:
        plane = buffer.m.planes[0]
        with mmap.mmap(plane.m.fd, plane.length, prot=mmap.PROT_READ) as memory:
            pixels = np.frombuffer(memory[:], np.uint8).reshape(-1, self._video.width)
        frame = av.VideoFrame.from_ndarray(pixels, format="nv12")
        keyframe, self._keyframe = self._keyframe, False
        data, is_keyframe = self._encoder.encode_frame(frame, keyframe)
        self._frames += 1
        if self._frames > 1 and is_keyframe:
            data = data[data.index(b"\0\0\1\x65") :]  # as if it gave its parameter sets only once
        stamp = buffer.timestamp
        with self._changed:
            self._taken.append(buffer.index)
            self._done.append((data, is_keyframe, stamp.tv_sec, stamp.tv_usec))
            self._changed.notify_all()

    def _give_back(self, buffer: Any) -> None:
        buffer.index = self._taken.popleft()

    def _give(self, buffer: Any) -> None:
        data, is_keyframe, seconds, microseconds = self._done.popleft()
        buffer.index = self._free.popleft()
        self.file.seek(ROOM * buffer.index)
        self.file.write(data)
        buffer.flags = v4l2.V4L2_BUF_FLAG_KEYFRAME if is_keyframe else 0
        buffer.timestamp.tv_sec, buffer.timestamp.tv_usec = seconds, microseconds
        buffer.m.planes[0].bytesused, buffer.m.planes[0].length = len(data), ROOM


class _Poll:
    """What the driver waits on."""

    def register(self, file: Any, events: int) -> None:
        self._codec = PaperCodec.opened[file.fileno()]

    def poll(self, timeout_ms: float) -> list[tuple[int, int]]:
        return self._codec.wait(timeout_ms / 1000)


@contextmanager
def paper_codec(video: VideoFormat) -> Iterator[type[PaperCodec]]:
    """/dev/video11 is there meanwhile."""

    def ioctl(fd: Any, request: int, *argument: Any) -> Any:
        number = fd if isinstance(fd, int) else fd.fileno()
        if (codec := PaperCodec.opened.get(number)) is not None and codec.file is fd:
            return codec.ioctl(request, *argument)
        return _ioctl(fd, request, *argument)

    paper_select = SimpleNamespace(poll=_Poll, POLLIN=select.POLLIN, POLLOUT=select.POLLOUT)
    with (
        patch.object(
            v4l2_encoder, "open", lambda *args, **kwargs: PaperCodec(video).file, create=True
        ),
        patch.object(v4l2_encoder, "select", paper_select),
        patch.object(fcntl, "ioctl", ioctl),
    ):
        yield PaperCodec
