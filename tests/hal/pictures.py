"""Pictures of encoded frames, as a receiver would have them."""

from collections.abc import Iterable

import av
import numpy as np
from numpy.typing import NDArray

from hal import EncodedFrame
from hal.camera.source import SourceFrame

Plane = NDArray[np.uint8]


def decoded(frames: Iterable[EncodedFrame | SourceFrame]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    pictures: list[av.VideoFrame] = []
    for frame in frames:
        pictures += decoder.decode(av.Packet(frame.data))
    return pictures + decoder.decode(None)


def luma(picture: av.VideoFrame, width: int = 0, height: int = 0) -> Plane:
    """The luma plane, scaled to a size if one is given."""
    if width:
        picture = picture.reformat(width, height)
    return np.asarray(picture.to_ndarray(format="yuv420p")[: picture.height], np.uint8)


def nal_types(data: bytes) -> list[int]:
    """The kinds of NAL units in Annex B, in order (7 SPS, 8 PPS, 5 IDR, 1 other slice)."""
    parts = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [part[0] & 0x1F for part in parts if part]


def sps(data: bytes) -> bytes:
    """The first sequence parameter set in Annex B."""
    parts = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return next(part for part in parts if part and part[0] & 0x1F == 7)
