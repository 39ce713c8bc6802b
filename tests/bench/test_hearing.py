"""What the benchmarks say of a voice is true of voices that were spoilt on purpose."""

import numpy as np
import pytest

from hal import BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ
from tests.bench.echo_path import Sound
from tests.bench.hearing import Recording, delays, stalls_s, without_pauses


def recording(sound: Sound, since_s: float) -> Recording:
    blocks = len(sound) // BLOCK_SAMPLES
    return Recording(sound[: blocks * BLOCK_SAMPLES], since_s + np.arange(blocks) * BLOCK_S)


@pytest.fixture
def noise() -> Sound:
    return np.random.default_rng(1).normal(0, 0.1, 3 * SAMPLE_RATE_HZ)


def test_a_delay_and_its_change_are_found(noise: Sound) -> None:
    half = len(noise) // 2
    later = np.concatenate((noise[:half], np.zeros(SAMPLE_RATE_HZ // 20), noise[half:]))
    rows = delays(recording(noise, 100.0), recording(later, 100.12))
    assert rows[0, 1] == pytest.approx(0.12, abs=0.001)
    assert rows[-1, 1] == pytest.approx(0.17, abs=0.001)


def test_something_else_has_no_delay(noise: Sound) -> None:
    other = np.random.default_rng(2).normal(0, 0.1, len(noise))
    assert len(delays(recording(noise, 100.0), recording(other, 100.1))) == 0


def test_only_long_silences_are_stalls(noise: Sound) -> None:
    broken = noise.copy()
    broken[10_000:12_000] = 0
    broken[30_000:50_000] = 0
    assert stalls_s(broken) == pytest.approx([20_000 / SAMPLE_RATE_HZ], abs=0.01)


def test_pauses_are_cut_short(noise: Sound) -> None:
    noise[30_000:80_000] = 0
    assert len(stalls_s(without_pauses(noise))) == 0
    assert len(without_pauses(noise)) > len(noise) - 50_000


def test_a_thread_that_is_late_is_forgiven() -> None:
    blocks = 300
    late_s = np.random.default_rng(3).exponential(0.003, blocks)
    late_s[::40] = 0
    sound = np.zeros(blocks * BLOCK_SAMPLES)
    due_s = 5 + np.arange(blocks) * BLOCK_S
    assert Recording(sound, due_s + late_s).punctual().times_s == pytest.approx(due_s, abs=1e-9)
