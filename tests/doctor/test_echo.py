"""The echo is measured as it was made: so strong, so late, in so much noise."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from device.doctor.echo import ALL_BLOCKS, AMPLITUDE, TONES_HZ, EchoProbe, EchoReading
from hal import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES, AudioMode


def heard_after(blocks: int, gain: float, noise: float, frequency_hz: int) -> EchoReading:
    """What a probe says of a room that gives back its tone so much later."""
    probe = EchoProbe(frequency_hz)
    random = np.random.default_rng(1)
    waiting = [bytes(BLOCK_BYTES)] * blocks
    for _ in range(ALL_BLOCKS):
        waiting.append(probe.next_block())
        back = np.frombuffer(waiting.pop(0), "<i2") * gain
        room = random.normal(0, noise, BLOCK_SAMPLES) if noise else 0
        probe.take(np.clip(back + room, -32768, 32767).astype("<i2").tobytes())
    assert probe.is_over.is_set()
    return probe.reading()


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 40), st.floats(0.02, 1.0), st.floats(0, 20), st.sampled_from(list(TONES_HZ.values()))
)  # fmt: skip
def test_an_echo_is_found(blocks: int, gain: float, noise: float, frequency_hz: int) -> None:
    echo = heard_after(blocks, gain, noise, frequency_hz)
    assert echo.echo_db == pytest.approx(20 * np.log10(gain), abs=2)
    assert echo.delay_s == pytest.approx(blocks * BLOCK_S, abs=2 * BLOCK_S)


@pytest.mark.parametrize("noise", [0.0, 300.0])
def test_a_room_without_echo_has_none(noise: float) -> None:
    echo = heard_after(3, 0.0, noise, 600)
    assert (echo.echo_db, echo.delay_s) == (None, None)
    assert echo.rest_dbfs is not None


def test_a_dead_microphone_is_told_from_a_quiet_one() -> None:
    assert EchoProbe(600).reading() == EchoReading(None, None, None)


def test_the_tones_differ_and_do_not_clip() -> None:
    assert len(set(TONES_HZ.values())) == len(AudioMode)
    probe = EchoProbe(TONES_HZ[AudioMode.SPEAKER])
    played = np.frombuffer(b"".join(probe.next_block() for _ in range(ALL_BLOCKS)), "<i2")
    assert np.abs(played.astype(np.int32)).max() <= AMPLITUDE
    assert np.abs(np.diff(played.astype(np.int32))).max() < AMPLITUDE / 8, "no click"
