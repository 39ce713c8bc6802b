"""From what a USB camera gives to H.264: its own, or made of its pictures by x264."""

import threading
from concurrent.futures import Future
from typing import Protocol

import av
from av.video.codeccontext import VideoCodecContext

from hal.camera.annexb import ParameterSets
from hal.camera.encoder import SoftwareEncoder
from hal.camera.protocol import VideoFormat
from hal.camera.timing import FramePacer
from hal.camera.v4l2 import Captured, PixelFormat
from hal.errors import CameraFault, CameraUnavailable

_BASELINE_IDC = 66


class Capture(Protocol):
    """What a WebcamSource needs of a VideoDevice, which see."""

    def formats(self) -> frozenset[int]: ...
    def accepts(self, pixel_format: PixelFormat, width: int, height: int) -> bool: ...
    def configure(
        self, pixel_format: PixelFormat, width: int, height: int, frame_rate_hz: int
    ) -> None: ...
    def start(self) -> None: ...
    def read(self, timeout_s: float) -> Captured | None: ...
    def close(self) -> None: ...


def choose_format(device: Capture, video: VideoFormat, pass_h264_through: bool) -> PixelFormat:
    """H.264 if that is chosen; else MJPEG, which fits through USB at full rate; else YUYV.

    Raises CameraUnavailable where the camera has none of them in this size.
    """
    offered = device.formats()
    fitting = [
        kind
        for kind in PixelFormat
        if kind in offered and device.accepts(kind, video.width, video.height)
    ]
    hint = ""
    if not pass_h264_through and fitting[:1] == [PixelFormat.H264]:
        fitting.remove(PixelFormat.H264)
        hint = "Or set pass_h264_through under [hardware.webcam]: docs/hardware.md says what that costs."
    if not fitting:
        raise CameraUnavailable(
            CameraFault.FAILED,
            f"This camera gives no {video.width} x {video.height} as MJPEG or YUYV. Choose a size of "
            f"`v4l2-ctl --list-formats-ext` under [video]. {hint}".rstrip(),
        )
    return fitting[0]


class _Asked:
    """Hands one picture from the reading thread to who asks for it."""

    def __init__(self) -> None:
        self._answer: Future[av.VideoFrame] | None = None

    @property
    def is_waiting(self) -> bool:
        return self._answer is not None

    def wait(self, timeout_s: float) -> av.VideoFrame | None:
        answer: Future[av.VideoFrame] = Future()
        self._answer = answer
        try:
            return answer.result(timeout_s)
        except TimeoutError:
            return None

    def give(self, picture: av.VideoFrame) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.set_result(picture)


class PassedStream:
    """H.264 as the camera makes it. It cannot be told when to make a keyframe, nor of how many bits, nor
    how often: the kernel's driver of USB cameras (uvcvideo) passes on no control of their encoders."""

    def __init__(self) -> None:
        self._sets = ParameterSets()
        self._asked = _Asked()

    def encode(self, captured: Captured) -> tuple[bytes, bool]:
        """Raises CameraUnavailable for a profile that not every browser decodes."""
        data, is_keyframe = self._sets.complete(captured.data)
        if is_keyframe and self._sets.profile_idc != _BASELINE_IDC:
            raise CameraUnavailable(
                CameraFault.FAILED,
                f"This camera's H.264 has the profile {self._sets.profile_idc}, not baseline. Set "
                "pass_h264_through under [hardware.webcam] to false.",
            )
        if is_keyframe and self._asked.is_waiting:
            decoder = av.CodecContext.create("h264", "r")
            for picture in decoder.decode(av.Packet(data)) + decoder.decode(None):
                self._asked.give(picture)
        return data, is_keyframe

    def picture(self, timeout_s: float) -> av.VideoFrame | None:
        """Of the next keyframe, whenever that comes."""
        return self._asked.wait(timeout_s)

    def request_keyframe(self) -> None:
        pass

    def set_bitrate(self, bitrate_bps: int) -> None:
        pass

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        pass


class EncodedStream:
    """Pictures, through x264 in the reading thread."""

    def __init__(self, kind: PixelFormat, video: VideoFormat) -> None:
        self._decoder = _picture_decoder(kind, video)
        self._encoder = SoftwareEncoder(video)
        self._pacer = FramePacer(video.frame_rate_hz)
        self._keyframe_wanted = threading.Event()
        self._asked = _Asked()
        # Read once a frame: the encoder is not thread-safe.
        self._bitrate_bps = video.bitrate_bps
        self._frame_rate_hz = video.frame_rate_hz

    def encode(self, captured: Captured) -> tuple[bytes, bool]:
        if not self._pacer.takes(captured.time_ns):
            return b"", False
        try:
            (decoded,) = self._decoder.decode(av.Packet(captured.data))
        except ValueError:  # a picture damaged on the cable, or none
            return b"", False
        picture = decoded.reformat(format="yuv420p")
        self._asked.give(picture)
        keyframe = self._keyframe_wanted.is_set()
        self._keyframe_wanted.clear()
        self._encoder.set_bitrate(self._bitrate_bps)
        self._encoder.set_frame_rate(self._frame_rate_hz)
        return self._encoder.encode_frame(picture, keyframe)

    def picture(self, timeout_s: float) -> av.VideoFrame | None:
        return self._asked.wait(timeout_s)

    def request_keyframe(self) -> None:
        self._keyframe_wanted.set()

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._bitrate_bps = bitrate_bps

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._frame_rate_hz = frame_rate_hz
        self._pacer.set_frame_rate(frame_rate_hz)


def _picture_decoder(kind: PixelFormat, video: VideoFormat) -> VideoCodecContext:
    decoder = av.CodecContext.create("mjpeg" if kind is PixelFormat.MJPEG else "rawvideo", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1  # each more would be a picture of delay
    if kind is PixelFormat.YUYV:
        decoder.width, decoder.height, decoder.pix_fmt = video.width, video.height, "yuyv422"
    return decoder
