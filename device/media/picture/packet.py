"""What comes in of a video stream, and what is made of it."""

from dataclasses import dataclass
from enum import Enum


class VideoCodec(Enum):
    """What can be received; by FFmpeg's names."""

    H264 = "h264"
    VP8 = "vp8"


@dataclass(frozen=True, slots=True)
class VideoPacket:
    """An RTP packet of video, or what a retransmission held; the numbers as they are in its header."""

    codec: VideoCodec
    ssrc: int
    sequence_number: int
    timestamp: int
    """At 90 kHz."""
    marker: bool
    """The last packet of a picture."""
    payload: bytes


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded picture, whole. ``data``: of H.264 Annex B with start codes, of VP8 a frame."""

    codec: VideoCodec
    timestamp: int
    data: bytes
    is_keyframe: bool
    assembly_s: float
    """From its first packet to its last."""


class Extender:
    """Numbers of a header, which begin anew at ``2**bits``, on an axis that goes on (RFC 3550 A.1)."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def extend(self, number: int) -> int:
        """The number nearest to the last one; may be negative, when it is from before the first."""
        if self._last is None:
            self._last = number
        half = self._size // 2
        self._last += (number - self._last + half) % self._size - half
        return self._last
