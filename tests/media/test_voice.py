"""Echo cancelling: two clocks, the reference between them, and the real library."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from device.errors import MediaError
from device.media.voice.clock import STEP_S, ClockLine
from device.media.voice.processing import EchoCancelling, NoProcessing, processing
from device.media.voice.reference import JUMP_S, LAG_S, EchoReference
from device.media.voice.settings import BY_ROUTE
from device.media.voice.webrtc import WebrtcProcessing
from hal import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ, AudioMode

drifts_ppm = st.floats(-500, 500)
seeds = st.integers(0, 2**32 - 1)


def line_after(seconds: float, drift_ppm: float, seed: int, late_s: float = 0.001) -> ClockLine:
    """A stream whose thread is late by ``late_s`` in the mean."""
    line, random = ClockLine(), np.random.default_rng(seed)
    count = int(seconds / BLOCK_S)
    period_s = BLOCK_S / (1 + drift_ppm * 1e-6)
    at_s = np.maximum.accumulate(
        np.arange(count) * period_s + np.minimum(random.exponential(late_s, count), 0.05)
    )
    for number in range(count):
        line.add(number, float(at_s[number]))
    return line


@given(drifts_ppm, seeds)
@settings(max_examples=30, deadline=None)
def test_the_rate_of_a_clock_is_found(drift_ppm: float, seed: int) -> None:
    line = line_after(20, drift_ppm, seed)
    found_ppm = (BLOCK_S / line.period_s - 1) * 1e6
    assert abs(found_ppm - drift_ppm) < 10
    assert abs(line.due_s(2000) - 2000 * BLOCK_S / (1 + drift_ppm * 1e-6)) < 0.0005


@given(st.floats(-1, 5).filter(lambda gap_s: abs(gap_s) > 2 * STEP_S), seeds)
@settings(max_examples=30, deadline=None)
def test_lost_blocks_move_the_line_and_keep_its_rate(gap_s: float, seed: int) -> None:
    line = line_after(20, 200, seed)
    period_s = line.period_s
    start_s = line.due_s(2000) + gap_s
    for number in range(100):
        line.add(2000 + number, start_s + number * period_s)
    assert abs(line.due_s(2099) - (start_s + 99 * period_s)) < 0.0005
    assert line.period_s == pytest.approx(period_s, rel=1e-5)


def test_a_full_buffer_at_the_start_is_no_rate() -> None:
    """A sound card takes its first blocks all at once."""
    line = ClockLine()
    for number in range(1000):
        line.add(number, max(0.0, (number - 4) * BLOCK_S))
    assert abs(line.due_s(999) - 995 * BLOCK_S) < 1e-6
    assert line.period_s == pytest.approx(BLOCK_S, rel=1e-6)


def chirp(at: np.ndarray) -> np.ndarray:
    """A sound that is nowhere like itself, as a function of seconds."""
    return 8000 * np.sin(2 * np.pi * (1000 * at - 30 * np.cos(20 * at)))


def played_blocks(count: int) -> list[bytes]:
    sound = chirp(np.arange(count * BLOCK_SAMPLES) / SAMPLE_RATE_HZ)
    return [block.astype("<i2").tobytes() for block in np.rint(sound).reshape(count, BLOCK_SAMPLES)]


def read_blocks(drift_ppm: float, count: int, silent: range = range(0)) -> Iterator[np.ndarray]:
    """What the reference gives with each captured block; nothing is played in ``silent``."""
    reference = EchoReference()
    blocks, at = played_blocks(count * 2), 0
    period_s = BLOCK_S / (1 + drift_ppm * 1e-6)
    for number in range(count):
        now_s = (number + 1) * BLOCK_S
        while at * period_s <= now_s:
            if at not in silent:
                reference.played(blocks[at], at * period_s)
            at += 1
        yield reference.read(now_s)


@pytest.mark.parametrize("drift_ppm", [-500, 0, 130, 500])
def test_the_reference_keeps_its_place_whatever_the_clocks_do(drift_ppm: float) -> None:
    """After 60 s, 500 ppm have moved the two streams by 30 ms; the reference stays where it was."""
    count = 6000
    heard = list(read_blocks(drift_ppm, count))
    for number in (1000, 3000, 5990):
        # A block stamped t reaches the ear from t on; it is read LAG_S after.
        seconds = number * BLOCK_S + np.arange(BLOCK_SAMPLES) / SAMPLE_RATE_HZ + BLOCK_S - LAG_S
        wanted = [chirp((seconds + late_s) * (1 + drift_ppm * 1e-6)) for late_s in _NEARBY_S]
        errors = [float(np.sqrt(np.mean((heard[number] - each) ** 2))) for each in wanted]
        assert min(errors) < 60, "of 5657, which is 40 dB below"
        assert abs(_NEARBY_S[int(np.argmin(errors))]) < 0.002, "what the first 3 s have cost"


_NEARBY_S = np.arange(-0.003, 0.003, 0.125 / SAMPLE_RATE_HZ)


def test_where_nothing_is_played_there_is_silence() -> None:
    heard = list(read_blocks(0, 400, silent=range(200, 230)))
    assert all(heard[number].any() for number in range(10, 195))
    assert not any(heard[number].any() for number in range(205, 228))
    assert all(heard[number].any() for number in range(240, 400))


def test_a_capture_thread_that_stood_still_catches_up() -> None:
    reference, blocks = EchoReference(), played_blocks(1000)
    for number in range(300):
        reference.played(blocks[number], number * BLOCK_S)
        reference.read((number + 1) * BLOCK_S)
    for number in range(300, 500):
        reference.played(blocks[number], number * BLOCK_S)
    for number in range(500, 700):
        reference.played(blocks[number], number * BLOCK_S)
        heard = reference.read((number + 1) * BLOCK_S)
    at_s = 699 * BLOCK_S + BLOCK_S - LAG_S + np.arange(BLOCK_SAMPLES) / SAMPLE_RATE_HZ
    errors = [np.abs(heard - chirp(at_s + late_s)).max() for late_s in _NEARBY_S]
    assert min(errors) < 100
    assert abs(_NEARBY_S[int(np.argmin(errors))]) <= JUMP_S


class Room:
    """A loudspeaker and a microphone: noise that comes and goes is played, and comes back late."""

    def __init__(self, mode: AudioMode) -> None:
        self.now_s = 0.0
        self.processing = EchoCancelling(lambda: self.now_s)
        self.processing.use(mode)
        random = np.random.default_rng(3)
        loudness = 1000 * (1 + np.sin(np.arange(48_000 * 6) / 3000))
        self._far = (random.normal(0, 1, 48_000 * 6) * loudness).astype("<i2")
        path = random.normal(0, 0.1, 400) * np.exp(-np.arange(400) / 100)
        self._echo = np.convolve(self._far, np.concatenate((np.zeros(1920), path)))

    def left_db(self, seconds: float) -> float:
        """How far below the echo the outcome is in the last second."""
        echo, clean = [], []
        for number in range(int(seconds / BLOCK_S)):
            at = slice(number * BLOCK_SAMPLES, (number + 1) * BLOCK_SAMPLES)
            self.processing.played(self._far[at].tobytes())
            self.now_s += BLOCK_S
            echo.append(self._echo[at])
            captured = self._echo[at].astype("<i2").tobytes()
            ready = self.processing.captured(captured)
            clean.extend(np.frombuffer(each, "<i2") for each in ready)
        last = int(1 / BLOCK_S)
        powers = [
            np.mean(np.square(np.concatenate(each[-last:]), dtype=float)) for each in (echo, clean)
        ]
        return float(10 * np.log10(powers[0] / max(powers[1], 1e-3)))


def test_the_echo_of_the_loudspeaker_goes() -> None:
    assert Room(AudioMode.EARPIECE).left_db(5) > 35
    assert Room(AudioMode.SPEAKER).left_db(5) > 20, "with the gain of 15 dB that it begins with"


@pytest.mark.parametrize("mode", [AudioMode.HEADPHONES, AudioMode.BLUETOOTH])
def test_a_headset_is_left_alone(mode: AudioMode) -> None:
    assert abs(Room(mode).left_db(2)) < 6


def test_another_route_is_another_echo() -> None:
    room = Room(AudioMode.HEADPHONES)
    assert abs(room.left_db(1)) < 6
    room.processing.use(AudioMode.EARPIECE)
    assert room.left_db(5) > 35


def test_what_is_played_is_not_touched() -> None:
    block = played_blocks(1)[0]
    assert EchoCancelling().played(block) == block


@pytest.mark.parametrize("size", [0, BLOCK_BYTES - 2, BLOCK_BYTES + 1, 2 * BLOCK_BYTES])
def test_a_block_of_another_size_never_reaches_the_library(size: int) -> None:
    """It would end the process."""
    module = WebrtcProcessing(BY_ROUTE[AudioMode.SPEAKER])
    with pytest.raises(ValueError, match="960 bytes"):
        module.process(bytes(size))
    with pytest.raises(ValueError, match="960 bytes"):
        module.take_reference(bytes(size))
    assert len(module.process(bytes(BLOCK_BYTES))) == BLOCK_BYTES


def test_without_the_library_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit", None)
    with pytest.raises(MediaError, match=r'pip install livekit.*echo_canceller = "off"'):
        processing(echo_cancelling=True)
    without = processing(echo_cancelling=False)
    assert isinstance(without, NoProcessing)
    assert list(without.captured(b"sound")) == [b"sound"]
