"""Sound at places between its samples."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from device.media.resampling import AFTER, BEFORE, interpolate

COUNT = 480


def wave(places: np.ndarray, frequency: float) -> np.ndarray:
    """``frequency`` in cycles a sample."""
    return 10_000 * np.sin(2 * np.pi * frequency * places)


@given(
    fraction=st.floats(0, 1, exclude_max=True),
    ppm=st.sampled_from([0, 1, -20, 100, -100, 500, -500, 1000, -1000]),
    hz=st.sampled_from([200, 1000, 4000]),
)
def test_a_wave_is_read_where_it_is_asked_for(fraction: float, ppm: int, hz: int) -> None:
    place, step, frequency = BEFORE + fraction, 1 + ppm * 1e-6, hz / 48_000
    sound = wave(np.arange(COUNT + BEFORE + AFTER + 2), frequency).astype(np.float32)
    read = interpolate(sound, place, step, COUNT)
    wanted = wave(place + step * np.arange(COUNT), frequency)
    error = np.sqrt(np.mean((read - wanted) ** 2) / np.mean(wanted**2))
    assert 20 * np.log10(error) < -50


@pytest.mark.parametrize("step", [1 - 1e-3, 1.0, 1 + 1e-3])
def test_no_sample_beyond_those_it_needs_is_read(step: float) -> None:
    last = int(BEFORE + 0.999 + step * (COUNT - 1))
    sound = np.full(last + AFTER + 1, 1000, np.float32)
    assert len(interpolate(sound, BEFORE + 0.999, step, COUNT)) == COUNT


def test_what_is_too_loud_is_cut_off_and_does_not_wrap() -> None:
    sound = np.where(np.arange(COUNT + BEFORE + AFTER + 1) % 40 < 20, 32_767, -32_768)
    read = interpolate(sound.astype(np.float32), BEFORE + 0.5, 1.0, COUNT)
    assert read.max() == 32_767
    assert read.min() == -32_768
