"""What every AudioRouter promises, and what a simulated one can be told to do."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from hal import (
    BLOCK_BYTES,
    BLOCK_S,
    SAMPLE_RATE_HZ,
    AudioDevice,
    AudioFault,
    AudioMode,
    AudioUnavailable,
)
from hal.audio.simulated import BUILT_IN, KEPT_S, SimulatedAudioRouter
from hal.audio.sources import ToneSource
from tests.hal.listening import Heard
from tests.hal.sound import loudest_hz, samples_of, steepest
from tests.hal.sound_rig import SoundRig

HEADPHONES = AudioDevice(AudioMode.HEADPHONES, "Headset", has_microphone=True)
BLUETOOTH = AudioDevice(AudioMode.BLUETOOTH, "Car", has_microphone=False)
TONE_HZ = 1030  # not a whole number of waves in a block, so that a cut is heard
STEEPEST_OF_TONE = 2 * np.pi * TONE_HZ / SAMPLE_RATE_HZ * 0.25 * 32767
FADE_ADDS = 1.1
"""A cosine fade over one block adds at most 4 % to the steepest step of this tone."""


class Rig(SoundRig):
    """A router with a tone at the microphone and a tone to play."""

    def __init__(self) -> None:
        self.router = SimulatedAudioRouter(ToneSource(440))
        super().__init__(self.router, TONE_HZ)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.router.close()


def test_what_is_played_comes_out_of_the_route(rig: Rig) -> None:
    rig.open()
    rig.play(50)
    played = samples_of(rig.router.played(AudioMode.SPEAKER))
    assert loudest_hz(played) == pytest.approx(TONE_HZ, abs=SAMPLE_RATE_HZ / len(played))
    assert rig.router.played(AudioMode.EARPIECE) == b""


def test_what_is_captured_is_what_the_microphone_hears(rig: Rig) -> None:
    rig.open()
    blocks = rig.captured.wait_count(50)
    assert {len(block) for block in blocks} == {BLOCK_BYTES}
    captured = samples_of(b"".join(blocks))
    assert loudest_hz(captured) == pytest.approx(440, abs=SAMPLE_RATE_HZ / len(captured))


def test_both_directions_are_paced(rig: Rig) -> None:
    """Never faster than the sound, but for a small backlog."""
    rig.open()
    start_s = time.monotonic()
    rig.asked.wait_count(60)
    rig.captured.wait_count(60)
    assert time.monotonic() - start_s > (60 - 1 - 6) * BLOCK_S
    assert abs(len(rig.asked.items) - len(rig.captured.items)) <= 6


def test_a_backlog_is_dropped_and_not_played_in_a_burst(rig: Rig) -> None:
    """While the receiver blocks, the playback counts the time."""
    times: list[float] = []

    def block(_: bytes, number: int) -> None:
        if number == 5:
            rig.asked.wait_count(len(rig.asked.items) + 30)
        times.append(time.monotonic())

    rig.captured = Heard(block)
    rig.open()
    rig.captured.wait_count(25)
    rig.router.close()
    assert times[23] - times[4] > (19 - 6) * BLOCK_S


def test_the_built_in_routes_are_there_and_open_when_asked(rig: Rig) -> None:
    assert rig.router.devices == BUILT_IN
    assert {device.mode for device in BUILT_IN} == {AudioMode.SPEAKER, AudioMode.EARPIECE}
    assert rig.router.selected is None
    rig.open(AudioMode.EARPIECE)
    assert rig.router.selected is AudioMode.EARPIECE
    rig.router.close()
    assert rig.router.selected is None


@pytest.mark.spec("4.set_audio_mode")
def test_a_route_is_changed_within_100_ms_and_without_a_click(rig: Rig) -> None:
    rig.open(AudioMode.SPEAKER)
    rig.play(20)
    for mode in (AudioMode.EARPIECE, AudioMode.SPEAKER, AudioMode.EARPIECE):
        before = len(rig.router.played(mode))
        rig.router.select(mode)
        assert rig.router.selected is mode
        rig.play(3)
        assert len(rig.router.played(mode)) > before
        rig.play(10)
    rig.router.select(AudioMode.SPEAKER)
    rig.router.unplug(AudioMode.SPEAKER)  # fades both out
    rig.play(3)
    rig.router.close()
    for mode in (AudioMode.SPEAKER, AudioMode.EARPIECE):
        played = samples_of(rig.router.played(mode))
        assert np.abs(played).max() > 8000
        assert steepest(played) < STEEPEST_OF_TONE * FADE_ADDS


@pytest.mark.spec("4.set_audio_mode")
def test_nothing_is_lost_or_doubled_between_the_routes(rig: Rig) -> None:
    rig.open(AudioMode.SPEAKER)
    rig.play(10)
    rig.router.select(AudioMode.EARPIECE)
    rig.play(10)
    rig.router.close()
    old = samples_of(rig.router.played(AudioMode.SPEAKER))
    new = samples_of(rig.router.played(AudioMode.EARPIECE))
    seam = old[-480:] + new[:480]
    whole = np.concatenate([old[:-480], seam, new[480:]])
    tone = ToneSource(TONE_HZ)
    expected = samples_of(b"".join(tone.next_block() for _ in range(100)))
    assert np.abs(whole - expected[: len(whole)]).max() <= 2


@pytest.mark.spec("4.set_audio_mode")
def test_an_absent_route_is_refused_and_the_old_one_goes_on(rig: Rig) -> None:
    rig.open()
    with pytest.raises(AudioUnavailable) as caught:
        rig.router.select(AudioMode.BLUETOOTH)
    assert caught.value.reason is AudioFault.ABSENT
    assert rig.router.selected is AudioMode.SPEAKER
    rig.play(3)
    assert rig.router.played(AudioMode.SPEAKER)
    assert not rig.failures.items


def test_an_absent_route_cannot_be_opened(rig: Rig) -> None:
    with pytest.raises(AudioUnavailable) as caught:
        rig.open(AudioMode.HEADPHONES)
    assert caught.value.reason is AudioFault.ABSENT
    assert rig.router.selected is None
    rig.open()


def test_an_open_router_is_busy(rig: Rig) -> None:
    rig.open()
    with pytest.raises(AudioUnavailable) as caught:
        rig.open()
    assert caught.value.reason is AudioFault.BUSY
    rig.captured.wait_count(2)


@pytest.mark.spec("3.on_audio_mode_changed")
def test_routes_come_and_go_latest_last_open_or_not(rig: Rig) -> None:
    rig.router.plug(HEADPHONES)
    rig.router.plug(BLUETOOTH)
    rig.router.plug(HEADPHONES)
    assert rig.router.devices == (*BUILT_IN, BLUETOOTH, HEADPHONES)
    rig.router.unplug(AudioMode.BLUETOOTH)
    assert rig.devices.items[0] == (*BUILT_IN, HEADPHONES)
    assert rig.devices.items[-1] == (*BUILT_IN, HEADPHONES)
    rig.stop_watching()
    rig.stop_watching()
    rig.router.unplug(AudioMode.HEADPHONES)
    assert len(rig.devices.items) == 4


def test_an_unplugged_route_says_so_and_is_silent_until_another_is_selected(rig: Rig) -> None:
    rig.router.plug(HEADPHONES)
    rig.open(AudioMode.HEADPHONES)
    rig.play(5)
    rig.router.unplug(AudioMode.HEADPHONES)
    (failure,) = rig.failures.items
    assert failure.reason is AudioFault.DISCONNECTED
    assert rig.devices.items[-1] == BUILT_IN
    rig.play(2)
    kept, heard = rig.router.played(AudioMode.HEADPHONES), len(rig.captured.items)
    rig.play(8)
    assert rig.router.played(AudioMode.HEADPHONES) == kept
    assert rig.router.counters.played_blocks == len(kept) // BLOCK_BYTES
    assert len(rig.captured.items) <= heard + 1
    assert rig.router.played(AudioMode.SPEAKER) == b""
    rig.router.select(AudioMode.SPEAKER)
    rig.play(3)
    rig.captured.wait_count(heard + 3)
    assert rig.router.played(AudioMode.SPEAKER)
    assert len(rig.failures.items) == 1


def test_unplugging_a_route_that_is_not_in_use_is_no_failure(rig: Rig) -> None:
    rig.open()
    rig.router.unplug(AudioMode.EARPIECE)
    rig.play(3)
    assert not rig.failures.items
    assert len(rig.devices.items) == 1


@pytest.mark.parametrize("fault", AudioFault)
def test_the_next_opening_fails_as_told(rig: Rig, fault: AudioFault) -> None:
    rig.router.fail_next_open(fault)
    with pytest.raises(AudioUnavailable) as caught:
        rig.open()
    assert caught.value.reason is fault
    rig.open()
    rig.captured.wait_count(1)


def test_a_route_can_break_and_be_selected_again(rig: Rig) -> None:
    rig.router.fail_now()
    rig.open()
    rig.play(2)
    rig.router.fail_now()
    rig.router.fail_now()
    (failure,) = rig.failures.items
    assert failure.reason is AudioFault.FAILED
    heard = len(rig.captured.items)
    rig.router.select(AudioMode.SPEAKER)
    rig.captured.wait_count(heard + 3)


@pytest.mark.parametrize("size", [0, BLOCK_BYTES - 2, BLOCK_BYTES * 2])
def test_a_block_of_the_wrong_size_is_reported_once_and_not_played(rig: Rig, size: int) -> None:
    asked: Heard[int] = Heard()

    def wrong() -> bytes:
        asked(1)
        return b"\x7f" * size

    rig.router.open(AudioMode.SPEAKER, rig.captured, wrong, rig.failures)
    asked.wait_count(6)
    rig.router.close()
    (failure,) = rig.failures.items
    assert failure.reason is AudioFault.FAILED
    assert f"{size} bytes" in str(failure)
    assert not samples_of(rig.router.played(AudioMode.SPEAKER)).any()


def test_a_source_that_raises_is_reported_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    asked: Heard[int] = Heard()

    def broken() -> bytes:
        asked(1)
        raise RuntimeError("no more sound")

    rig.router.open(AudioMode.SPEAKER, rig.captured, broken, rig.failures)
    asked.wait_count(5)
    rig.router.close()
    (failure,) = rig.failures.items
    assert failure.reason is AudioFault.FAILED
    assert "no more sound" in str(failure)
    assert caplog.text.count("The sound stopped") == 1


def test_the_read_back_is_bounded_and_can_start_anew(rig: Rig) -> None:
    block = b"\x01\x00" * (BLOCK_BYTES // 2)
    for _ in range(int(KEPT_S / BLOCK_S) + 10):
        rig.router.keep_played(AudioMode.SPEAKER, block)
    assert len(rig.router.played(AudioMode.SPEAKER)) == KEPT_S * SAMPLE_RATE_HZ * 2
    rig.router.forget_played()
    assert rig.router.played(AudioMode.SPEAKER) == b""


def test_nothing_comes_after_close_and_it_may_be_repeated(rig: Rig) -> None:
    rig.router.close()
    for _ in range(3):
        rig.open()
        rig.captured.wait_count(len(rig.captured.items) + 2)
        rig.router.close()
        rig.router.close()
        counts = len(rig.captured.items), len(rig.asked.items)
        rig.router.fail_now()
        rig.router.unplug(AudioMode.SPEAKER)
        rig.router.plug(BUILT_IN[1])
        assert not {"capture", "playback"} & {thread.name for thread in threading.enumerate()}
        assert counts == (len(rig.captured.items), len(rig.asked.items))
    assert not rig.failures.items
