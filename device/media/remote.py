"""What comes decoded from a peer."""

from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RemoteFrame:
    """The newest decoded picture of a peer; ``arrived_ns`` on the clock of time.monotonic_ns."""

    picture: av.VideoFrame
    arrived_ns: int
    number: int


def mono(frame: av.AudioFrame) -> NDArray[np.int16]:
    """The samples of an interleaved 16 bit frame, its channels averaged."""
    samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
    return (samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)).astype(np.int16)
