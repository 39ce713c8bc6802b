"""What comes in of a video stream, and what is made of it."""

from dataclasses import dataclass
from enum import Enum

MAX_MISORDER = 1024
"""A packet further back is no late one: the sender has begun to count anew."""


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
