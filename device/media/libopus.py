"""libopus itself, for what PyAV does not pass on: loss that changes, silence that is not sent."""

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path

import av

from device.errors import MediaError
from hal import BLOCK_SAMPLES

OK = 0
PACKET_SAMPLES = 2 * BLOCK_SAMPLES
"""20 ms at 48 kHz, the packet that every WebRTC peer sends and expects (RFC 7587 section 4.2)."""


@cache
def load() -> ctypes.CDLL:
    """PyAV's own copy, which comes in its wheels; else the system's. Raises MediaError."""
    bundled = sorted((Path(av.__file__).parents[1] / "av.libs").glob("libopus-*.so*"))
    name = str(bundled[0]) if bundled else ctypes.util.find_library("opus")
    if name is None:
        raise MediaError("libopus is not there. Install it with: sudo apt install libopus0")
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise MediaError(f"libopus cannot be loaded: {error}") from error
