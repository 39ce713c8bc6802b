"""H.264 in software, through PyAV and x264: what stands in for the board's encoder."""

from fractions import Fraction

import av
import numpy as np
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
        self._context = av.CodecContext.create("libx264", "w")
        context = self._context
        context.width, context.height = video.width, video.height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, CLOCK_HZ)
        context.framerate = Fraction(video.frame_rate_hz, 1)
        context.bit_rate = video.bitrate_bps
        context.thread_count = 1
        context.gop_size = video.frame_rate_hz * _KEYFRAME_EVERY_S
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "maxrate": str(video.bitrate_bps),
            "bufsize": str(int(video.bitrate_bps * _VBV_S)),
            "x264-params": "repeat-headers=1:annexb=1:scenecut=0",
        }
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
        """From the next frame on; x264 is reconfigured, not restarted."""
        self._context.bit_rate = bitrate_bps
