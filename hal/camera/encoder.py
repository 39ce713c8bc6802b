"""H.264 in software, through PyAV and x264: what stands in for the board's encoder."""

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
_VBV_S = 0.2
"""Size of the rate buffer. Without one x264 overshoots threefold and ignores bitrate changes."""


class SoftwareEncoder:
    """One x264 instance: constrained baseline, SPS and PPS before every IDR, no frame of delay.

    Not thread-safe: one owner. About 5 ms of CPU for a 720p frame on a desktop core.
    """

    def __init__(self, video: VideoFormat) -> None:
        """Raises ValueError for a format that x264 cannot encode."""
        if video.frame_rate_hz < 1 or video.bitrate_bps < 1:
            raise ValueError(
                f"{video.frame_rate_hz} Hz at {video.bitrate_bps} bit/s: both must be 1 or more"
            )
        self._video = video
        self._context = _new_context(video, video.bitrate_bps)
        self._ceiling_bps = video.bitrate_bps
        self._frames = 0
        self._step = CLOCK_HZ // video.frame_rate_hz

    def encode(self, picture: NDArray[np.uint8], keyframe: bool) -> tuple[bytes, bool]:
        """One access unit and whether it is a keyframe, of a planar YUV 4:2:0 picture."""
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = self._frames * self._step
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        self._frames += 1
        packets = self._context.encode(frame)
        return b"".join(bytes(packet) for packet in packets), any(p.is_keyframe for p in packets)

    def set_bitrate(self, bitrate_bps: int) -> None:
        """From the next frame on. Downwards, and back up to the highest rate so far, x264 is
        reconfigured; beyond that it is started anew, and the next frame is a keyframe."""
        if bitrate_bps > self._ceiling_bps:
            # PyAV cannot move the rate buffer of a running x264, and that buffer is the ceiling.
            self._context = _new_context(self._video, bitrate_bps)
            self._ceiling_bps = bitrate_bps
        else:
            self._context.bit_rate = bitrate_bps


def _new_context(video: VideoFormat, bitrate_bps: int) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height = video.width, video.height
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, CLOCK_HZ)
    context.framerate = Fraction(video.frame_rate_hz, 1)
    context.bit_rate = bitrate_bps
    context.thread_count = 1
    context.gop_size = video.frame_rate_hz * _KEYFRAME_EVERY_S
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "maxrate": str(bitrate_bps),
        "bufsize": str(int(bitrate_bps * _VBV_S)),
        "x264-params": "repeat-headers=1:annexb=1:scenecut=0",
    }
    return context
