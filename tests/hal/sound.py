"""What is in a sound."""

import numpy as np

from hal import SAMPLE_RATE_HZ


def samples_of(sound: bytes) -> np.ndarray:
    """As whole numbers that can be subtracted without a wrap."""
    return np.frombuffer(sound, "<i2").astype(np.int32)


def loudest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE_HZ / len(samples))


def steepest(samples: np.ndarray) -> int:
    """The largest step between neighbours, counting from and to silence."""
    return int(np.abs(np.diff(samples, prepend=0, append=0)).max())
