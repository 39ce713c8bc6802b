"""H.264 in software, through PyAV and x264: for boards without a codec block, and simulated cameras."""

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from hal.camera.protocol import VideoFormat

CLOCK_HZ = 90_000
"""RTP's clock for video, RFC 6184 section 8.2.1."""

_KEYFRAME_EVERY_S = 10
_VBV_S = 0.1
"""Size of the rate buffer, at the format's bitrate. Without one x264 overshoots threefold and ignores
bitrate changes; it also bounds a keyframe, which would else take a narrow network for a second."""
_HEADROOM = 5
"""x264 is opened at so many times the bitrate: a running one takes any rate up to that of its opening,
but none above, since PyAV cannot move the rate buffer's limit."""


class SoftwareEncoder:
    """One x264 instance: constrained baseline, SPS and PPS before every IDR, no frame of delay.

    Not thread-safe: one owner. About 5 ms of CPU for a 720p frame on a desktop core.
    """

    def __init__(self, video: VideoFormat, pixel_format: str = "yuv420p") -> None:
        """``pixel_format``, in FFmpeg's names, of the pictures to come; others are converted.
        Raises ValueError for a format that x264 cannot encode."""
        if video.frame_rate_hz < 1 or video.bitrate_bps < 1:
            raise ValueError(
                f"{video.frame_rate_hz} Hz at {video.bitrate_bps} bit/s: both must be 1 or more"
            )
        self._video = video
        self._pixel_format = pixel_format
        self._bitrate_bps = video.bitrate_bps
        self._frame_rate_hz = video.frame_rate_hz
        self._pts = 0
        self._start()

    def encode(self, picture: NDArray[np.uint8], keyframe: bool) -> tuple[bytes, bool]:
        """One access unit and whether it is a keyframe, of a planar YUV 4:2:0 picture."""
        return self.encode_frame(av.VideoFrame.from_ndarray(picture, format="yuv420p"), keyframe)

    def encode_frame(self, frame: av.VideoFrame, keyframe: bool) -> tuple[bytes, bool]:
        """The same of a frame of PyAV, which is not kept."""
        frame.pts = self._pts
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._pts += CLOCK_HZ // self._frame_rate_hz
        packets = self._context.encode(frame)
        return b"".join(bytes(packet) for packet in packets), any(p.is_keyframe for p in packets)

    def set_bitrate(self, bitrate_bps: int) -> None:
        """From the next frame on. Up to _HEADROOM times the rate that x264 was started with it is
        reconfigured; beyond that it is started anew, and the next frame is a keyframe."""
        self._bitrate_bps = bitrate_bps
        if bitrate_bps > self._ceiling_bps:
            self._start()
        else:
            self._apply()

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """So many pictures will come a second, each with a greater share of the bitrate."""
        self._frame_rate_hz = frame_rate_hz
        self._apply()

    def _start(self) -> None:
        self._ceiling_bps = _HEADROOM * self._bitrate_bps
        self._context = _new_context(
            self._video, self._pixel_format, self._ceiling_bps, self._bitrate_bps
        )
        self._apply()

    def _apply(self) -> None:
        # x264's rate buffer counts pictures, not time.
        by_picture_bps = self._bitrate_bps * self._video.frame_rate_hz // self._frame_rate_hz
        self._context.bit_rate = min(by_picture_bps, self._ceiling_bps)


def _new_context(
    video: VideoFormat, pixel_format: str, ceiling_bps: int, bitrate_bps: int
) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = video.width, video.height
    context.pix_fmt = pixel_format
    context.time_base = Fraction(1, CLOCK_HZ)
    context.framerate = Fraction(video.frame_rate_hz, 1)
    context.bit_rate = ceiling_bps
    context.thread_count = 1
    context.gop_size = video.frame_rate_hz * _KEYFRAME_EVERY_S
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "maxrate": str(ceiling_bps),
        "bufsize": str(int(bitrate_bps * _VBV_S)),
        "x264-params": "repeat-headers=1:annexb=1:scenecut=0",
    }
    # Now, not with the first frame: x264 only moves its limit with the bitrate where both were equal.
    context.open()
    return context
