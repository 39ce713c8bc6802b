"""A block of sound that ends or begins in silence, so that a cut is not heard as a click."""

import numpy as np

from hal.audio.protocol import BLOCK_SAMPLES

_FADE_OUT = (1 + np.cos(np.linspace(0, np.pi, BLOCK_SAMPLES))) / 2
"""A raised cosine over the block; with its complement it adds up to 1 everywhere."""


def faded_out(block: bytes) -> bytes:
    """The block, from full loudness to silence."""
    return _scaled(block, _FADE_OUT)


def faded_in(block: bytes) -> bytes:
    """The block, from silence to full loudness."""
    return _scaled(block, 1 - _FADE_OUT)


def _scaled(block: bytes, gain: np.typing.NDArray[np.float64]) -> bytes:
    return (np.frombuffer(block, "<i2") * gain).astype("<i2").tobytes()
