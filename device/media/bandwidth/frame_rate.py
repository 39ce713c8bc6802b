"""Fewer pictures where the bitrate does not do for all of them: each one then is worth looking at."""

from hal import VideoFormat

BITS_PER_PIXEL = 0.02
"""A picture with less is a mosaic: at 720p 18 kbit, so 30 Hz down to 550 kb/s and 15 Hz to 280."""
MARGIN = 1.3
"""Over what a rate needs, before it is gone back to."""
DIVISORS = (1, 2, 3)
"""Of the format's frame rate: 30, 15 and 10 Hz."""


class FrameRate:
    """Of one encoder."""

    def __init__(self, video: VideoFormat) -> None:
        self._picture_bits = BITS_PER_PIXEL * video.width * video.height
        self._rates_hz = [max(1, video.frame_rate_hz // divisor) for divisor in DIVISORS]
        self.hz = video.frame_rate_hz

    def at(self, bitrate_bps: float) -> int:
        """The frame rate, in Hz, for a bitrate that has changed."""
        for hz in self._rates_hz:
            margin = MARGIN if hz > self.hz else 1.0
            if bitrate_bps >= margin * hz * self._picture_bits:
                break
        self.hz = hz
        return hz
