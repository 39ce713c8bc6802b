"""A still picture as a file."""

import io

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_QUALITY = 90


def jpeg(picture: av.VideoFrame) -> bytes:
    """Any picture of PyAV as JPEG, in its own size."""
    file = io.BytesIO()
    Image.fromarray(picture.to_ndarray(format="rgb24")).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def jpeg_of_planes(planes: NDArray[np.uint8]) -> bytes:
    """A planar YUV 4:2:0 picture as JPEG."""
    return jpeg(av.VideoFrame.from_ndarray(planes, format="yuv420p"))
