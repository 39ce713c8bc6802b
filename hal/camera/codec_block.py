"""The H.264 encoder in a Raspberry Pi up to the 4, through picamera2's driver of it (V4L2).

Not yet run on a board.
"""

import fcntl
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import videodev2
from picamera2.encoders.h264_encoder import H264Encoder
from picamera2.outputs import Output

from hal.camera.annexb import ParameterSets
from hal.camera.protocol import VideoFormat
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)

Deliver = Callable[[bytes, bool, int], None]
"""Takes an access unit, whether it is a keyframe, and the sensor's time of it in nanoseconds."""

OTHER_ENCODER = "Another one can be chosen: encoder in [hardware.picamera]."

_KEYFRAME_EVERY_S = 10


class CodecBlock:
    """Pictures of picamera2 in, access units out, in a thread of picamera2's."""

    def __init__(self, picam: Any, video: VideoFormat, deliver: Deliver) -> None:
        """Raises CameraUnavailable where there is no such block."""
        stream = picam.camera_configuration()["main"]
        self._video = video
        self._deliver = deliver
        self._sets = ParameterSets()
        self._bitrate_bps = video.bitrate_bps
        self._frame_rate_hz = video.frame_rate_hz
        self._lock = threading.Lock()  # held while its device may be closed
        self._is_closed = False
        self._encoder: Any = H264Encoder(
            bitrate=video.bitrate_bps,
            repeat=True,
            iperiod=video.frame_rate_hz * _KEYFRAME_EVERY_S,
            framerate=video.frame_rate_hz,
            enable_sps_framerate=True,  # also what its rate control counts with
            profile="constrained baseline",
        )
        self._encoder.output = _Outlet(self._take)
        self._encoder.name = "main"
        self._encoder.size = stream["size"]
        self._encoder.format = stream["format"]
        self._encoder.stride = stream["stride"]
        try:
            self._encoder.start()
        except BaseException as error:
            with suppress(Exception):  # there may be nothing yet to stop
                self._free()
            if not isinstance(error, OSError):
                raise
            raise CameraUnavailable(
                CameraFault.FAILED,
                f"The board's H.264 encoder cannot be used ({error}). {OTHER_ENCODER}",
            ) from error

    def encode(self, request: Any, sensor_ns: int, keyframe: bool) -> None:
        if keyframe:
            self._encoder.force_key_frame()  # picamera2 counts: so many calls, so many keyframes
        self._encoder.encode("main", request)

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._bitrate_bps = bitrate_bps
        self._apply()

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._frame_rate_hz = frame_rate_hz
        self._apply()

    def close(self) -> None:
        with self._lock:
            was_closed, self._is_closed = self._is_closed, True
        if not was_closed:
            self._free()

    def _free(self) -> None:
        """picamera2 begins with its thread, and closes the device last: neither comes by itself where
        one of the calls in between fails."""
        try:
            self._encoder.stop()
        finally:
            for memory, _ in self._encoder.bufs.values():
                memory.close()  # each has a descriptor of the device
            if self._encoder.vd is not None:
                self._encoder.vd.close()

    def _apply(self) -> None:
        """The rate control goes on to count with the pictures a second that it was started with."""
        control = videodev2.v4l2_control()
        control.id = videodev2.V4L2_CID_MPEG_VIDEO_BITRATE
        control.value = self._bitrate_bps * self._video.frame_rate_hz // self._frame_rate_hz
        with self._lock:
            if self._is_closed:
                return
            try:
                fcntl.ioctl(self._encoder.vd, videodev2.VIDIOC_S_CTRL, control)
            except OSError as error:  # it goes on as before, which is better than no picture
                logger.warning("The H.264 encoder takes no other bitrate: %s", error)

    def _take(self, data: bytes, timestamp_us: int) -> None:
        data, is_keyframe = self._sets.complete(data)
        if data:
            sensor_us = self._encoder.firsttimestamp + timestamp_us  # its own times begin with 0
            self._deliver(data, is_keyframe, sensor_us * 1000)


class _Outlet(Output):  # type: ignore[misc]
    """Where picamera2's encoder puts what it made."""

    def __init__(self, take: Callable[[bytes, int], None]) -> None:
        super().__init__()
        self._take = take

    def outputframe(
        self, frame: bytes, keyframe: bool = True, timestamp: int = 0, *args: Any, **kwargs: Any
    ) -> None:
        self._take(frame, timestamp)
