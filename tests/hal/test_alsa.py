"""The real ALSA on its own plug-ins: what arrives where, and what happens when a card goes."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from device.session.routes import default_route
from hal import (
    BLOCK_BYTES,
    BLOCK_S,
    SAMPLE_RATE_HZ,
    AudioDevice,
    AudioFault,
    AudioMode,
    AudioUnavailable,
)
from hal.audio.alsa import AlsaAudioRouter
from hal.audio.alsa_pcm import STALL_S
from hal.audio.routes import AlsaConfig, AlsaRoute
from hal.audio.sources import ToneSource
from hal.audio.watch import RouteWatch
from tests.hal.alsa_cards import MICROPHONE_HZ, SLOW_S, TestCards
from tests.hal.listening import PATIENCE_S, Heard
from tests.hal.sound import loudest_hz, samples_of, steepest
from tests.hal.sound_rig import SoundRig

TONE_HZ = 1030  # not a whole number of waves in a block, so that a cut is heard
STEEPEST_OF_TONE = 2 * np.pi * TONE_HZ / SAMPLE_RATE_HZ * 0.25 * 32767
FADE_ADDS = 1.1
"""A cosine fade over one block adds at most 4 % to the steepest step of this tone."""
ROUTES = {mode: AlsaRoute(playback=mode.value, capture=mode.value) for mode in AudioMode}
CONFIG = AlsaConfig(**{mode.value: route for mode, route in ROUTES.items()}, realtime_priority=0)


Played = TypeVar("Played")


def undisturbed(cards: TestCards, config: AlsaConfig, play: Callable[["Rig"], Played]) -> Played:
    """What ``play`` gives of a rig that is closed after it; again while this machine is too busy to
    play without an underrun."""
    for _ in range(10):
        cards.forget()
        rig = Rig(config)
        try:
            played = play(rig)
        finally:
            rig.router.close()
        if not rig.router.counters.underruns:
            return played
    pytest.fail("this machine underran ten times in a row")


def memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Rig(SoundRig):
    """A router on the test cards, with a tone to play."""

    def __init__(self, config: AlsaConfig = CONFIG) -> None:
        self.routes = RouteWatch(config.routes)
        self.router = AlsaAudioRouter(config, self.routes)
        super().__init__(self.router, TONE_HZ)

    def capture(self, blocks: int) -> list[bytes]:
        """So many blocks, from now on."""
        start = len(self.captured.items)
        return self.captured.wait_count(start + blocks)[start:]


@pytest.fixture
def rig(cards: TestCards) -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.router.close()


@pytest.mark.parametrize("mode", AudioMode)
def test_a_routes_tone_arrives_at_its_sink_and_at_no_other(
    rig: Rig, cards: TestCards, mode: AudioMode
) -> None:
    rig.open(mode)
    rig.play(50)
    rig.router.close()
    heard = cards.heard(mode)
    assert loudest_hz(heard) == pytest.approx(TONE_HZ, abs=SAMPLE_RATE_HZ / len(heard))
    assert all(not len(cards.heard(other)) for other in AudioMode if other is not mode)


@pytest.mark.parametrize("mode", AudioMode)
def test_what_is_captured_is_what_that_routes_microphone_hears(rig: Rig, mode: AudioMode) -> None:
    rig.open(mode)
    blocks = rig.capture(50)
    assert {len(block) for block in blocks} == {BLOCK_BYTES}
    captured = samples_of(b"".join(blocks))
    hz = MICROPHONE_HZ[mode]
    assert loudest_hz(captured) == pytest.approx(hz, abs=SAMPLE_RATE_HZ / len(captured))


def test_a_card_of_another_rate_is_converted_by_alsa(cards: TestCards) -> None:
    cards.shapes[AudioMode.SPEAKER] = 44_100, 2
    cards.write()
    route = AlsaRoute(playback="plug:speaker", capture="plug:speaker")
    rig = Rig(replace(CONFIG, speaker=route))
    rig.open()
    blocks = rig.capture(50)
    rig.router.close()
    left = cards.heard(AudioMode.SPEAKER)[::2]
    assert loudest_hz(left) * 44_100 / SAMPLE_RATE_HZ == pytest.approx(TONE_HZ, rel=0.01)
    assert {len(block) for block in blocks} == {BLOCK_BYTES}


def test_a_card_that_does_not_convert_is_refused_with_the_remedy(cards: TestCards) -> None:
    cards.shapes[AudioMode.SPEAKER] = 44_100, 2
    cards.write()
    rig = Rig()
    with pytest.raises(AudioUnavailable, match="plug:'speaker'") as caught:
        rig.open()
    assert caught.value.reason is AudioFault.FAILED
    assert rig.router.selected is None


def test_both_directions_are_paced_by_the_card(cards: TestCards) -> None:
    def play(rig: Rig) -> tuple[float, list[float], list[bytes]]:
        start_s = time.monotonic()
        rig.open()
        asked, captured = rig.asked.wait_count(100), rig.captured.wait_count(90)
        return time.monotonic() - start_s, asked, captured

    taken_s, asked, captured = undisturbed(cards, CONFIG, play)
    assert taken_s > (100 - 1 - 6) * BLOCK_S
    assert abs(len(asked) - len(captured)) <= 20
    assert asked[4] - asked[0] > 2 * BLOCK_S  # no burst at the start


def change(rig: Rig, to: AudioMode) -> tuple[float, float]:
    """Play 20 blocks at the loudspeaker and 20 on another route. When the change was asked for, and
    when the first block was asked for after that."""
    rig.open(AudioMode.SPEAKER)
    rig.play(20)
    asked, before_s = len(rig.asked.items), time.monotonic()
    rig.router.select(to)
    rig.play(20)
    return before_s, rig.asked.items[asked]


@pytest.mark.spec("4.set_audio_mode")
def test_a_route_is_changed_within_100_ms_and_without_a_click(cards: TestCards) -> None:
    before_s, asked_s = undisturbed(cards, CONFIG, lambda rig: change(rig, AudioMode.EARPIECE))
    old, new = cards.heard(AudioMode.SPEAKER), cards.heard(AudioMode.EARPIECE)
    for heard in (old, new):
        assert np.abs(heard).max() > 8000
        assert steepest(heard) < STEEPEST_OF_TONE * FADE_ADDS
    # The first block that was asked for the new route, and how much silence waits in front of it.
    silence_s = np.flatnonzero(new)[0] / SAMPLE_RATE_HZ
    assert asked_s - before_s + silence_s < 0.1


@pytest.mark.spec("4.set_audio_mode")
def test_nothing_is_lost_or_doubled_between_the_routes(cards: TestCards) -> None:
    undisturbed(cards, CONFIG, lambda rig: change(rig, AudioMode.EARPIECE))
    cushion = (CONFIG.buffer_blocks - 1) * 480
    old = cards.heard(AudioMode.SPEAKER)[cushion:]
    new = cards.heard(AudioMode.EARPIECE)[cushion:]
    whole = np.concatenate([old[:-480], old[-480:] + new[:480], new[480:]])
    tone = ToneSource(TONE_HZ)
    expected = samples_of(b"".join(tone.next_block() for _ in range(200)))[: len(whole)]
    faded = slice(480, -480)  # in at the start, out at the end
    assert np.abs(whole - expected)[faded].max() <= 2


@pytest.mark.spec("4.set_audio_mode")
def test_two_routes_on_one_device_change_by_the_mixer_alone(cards: TestCards) -> None:
    """By the samples: one block fades out, as many are silent as wait in the device, one fades in."""
    config = replace(CONFIG, headphones=AlsaRoute(playback="speaker", capture="speaker"))
    undisturbed(cards, config, lambda rig: change(rig, AudioMode.HEADPHONES))
    heard = cards.heard(AudioMode.SPEAKER)
    assert steepest(heard) < STEEPEST_OF_TONE * FADE_ADDS
    silent = np.abs(heard[480 * 10 :]).reshape(-1, 480).max(axis=1) == 0
    assert silent.sum() == CONFIG.buffer_blocks
    # Asked for within a block, and heard when all that waits has been.
    assert (1 + silent.sum() + CONFIG.buffer_blocks) * BLOCK_S < 0.1


@pytest.mark.spec("4.set_audio_mode")
def test_a_device_that_opens_slowly_holds_nothing_else_up(cards: TestCards) -> None:
    """As a Bluetooth headset does, for more than waits in the loudspeaker's buffer."""
    cards.slow_down(AudioMode.EARPIECE)
    rig = Rig()
    before_s = time.monotonic()
    change(rig, AudioMode.EARPIECE)
    rig.router.select(AudioMode.SPEAKER)  # and it closes slowly
    rig.play(5)
    rig.router.close()
    assert time.monotonic() - before_s > 4 * SLOW_S
    assert np.diff(rig.asked.items).max() < SLOW_S


HAT = {"playback": "speaker", "capture": "speaker", "mixer": "mixer", "capture_control": "Capture"}
HAT_CONFIG = replace(
    CONFIG,
    speaker=AlsaRoute(**HAT, control="Speaker", volume_percent=50, capture_volume_percent=75),
    headphones=AlsaRoute(**HAT, control="Headphone"),
)


def test_the_control_of_the_route_in_use_is_on_and_the_others_are_muted(cards: TestCards) -> None:
    rig = Rig(HAT_CONFIG)
    rig.open(AudioMode.SPEAKER)
    assert cards.mixer() == {
        "speaker": 1,
        "speaker_volume": 100,
        "headphone": 0,
        "headphone_volume": 0,
        "capture": 1,
        "gain": 150,
    }
    rig.router.select(AudioMode.HEADPHONES)
    assert (cards.mixer()["speaker"], cards.mixer()["headphone"]) == (0, 1)
    rig.router.select(AudioMode.SPEAKER)
    assert (cards.mixer()["speaker"], cards.mixer()["headphone"]) == (1, 0)
    rig.router.close()


def test_a_loudspeaker_is_not_muted_before_it_has_been_heard_to_its_end(cards: TestCards) -> None:
    rig = Rig(replace(HAT_CONFIG, headphones=AlsaRoute()))
    rig.open(AudioMode.SPEAKER)
    rig.play(5)
    on = [cards.mixer()["speaker"]]
    cards.slow_down(AudioMode.SPEAKER)  # to be closed
    rig.asked = Heard(lambda *_: on.append(cards.mixer()["speaker"]))
    rig.router.select(AudioMode.EARPIECE)
    rig.router.close()
    assert on[:20] == [1] * 20
    assert cards.mixer()["speaker"] == 0


def test_a_control_that_is_not_there_is_logged_and_the_sound_plays(
    cards: TestCards, caplog: pytest.LogCaptureFixture
) -> None:
    route = AlsaRoute(playback="speaker", capture="speaker", mixer="mixer", control="Master")
    rig = Rig(replace(CONFIG, speaker=route))
    rig.open()
    rig.play(3)
    rig.router.close()
    assert "Master" in caplog.text
    assert "amixer -D mixer scontrols" in caplog.text


def test_a_route_without_a_microphone_keeps_that_of_another(cards: TestCards) -> None:
    rig = Rig(replace(CONFIG, headphones=AlsaRoute(playback="headphones")))
    rig.open(AudioMode.HEADPHONES)
    captured = samples_of(b"".join(rig.capture(50)))
    rig.router.close()
    assert loudest_hz(captured) == pytest.approx(MICROPHONE_HZ[AudioMode.SPEAKER], abs=2.5)
    (headphones,) = (each for each in rig.router.devices if each.mode is AudioMode.HEADPHONES)
    assert not headphones.has_microphone


def test_an_absent_route_is_refused_and_the_old_one_goes_on(rig: Rig, cards: TestCards) -> None:
    rig.open()
    cards.unplug(AudioMode.HEADPHONES)
    with pytest.raises(AudioUnavailable, match="not connected") as caught:
        rig.router.select(AudioMode.HEADPHONES)
    assert caught.value.reason is AudioFault.ABSENT
    assert rig.router.selected is AudioMode.SPEAKER
    rig.play(3)
    rig.capture(3)
    assert not rig.failures.items


def test_a_device_in_other_hands_is_busy(rig: Rig, cards: TestCards) -> None:
    cards.occupy(AudioMode.SPEAKER)
    with pytest.raises(AudioUnavailable, match="another program, or another route") as caught:
        rig.open()
    assert caught.value.reason is AudioFault.BUSY
    rig.open(AudioMode.EARPIECE)
    with pytest.raises(AudioUnavailable):
        rig.router.select(AudioMode.SPEAKER)
    rig.play(3)
    rig.capture(3)
    assert rig.router.selected is AudioMode.EARPIECE


def test_a_microphone_that_is_refused_leaves_the_old_route_whole(cards: TestCards) -> None:
    route = AlsaRoute(playback="headphones", capture="bluetooth")
    rig = Rig(replace(CONFIG, headphones=route))
    rig.open()
    cards.occupy(AudioMode.BLUETOOTH)
    with pytest.raises(AudioUnavailable, match="bluetooth"):
        rig.router.select(AudioMode.HEADPHONES)
    rig.play(10)
    rig.capture(10)
    rig.router.close()
    assert not len(cards.heard(AudioMode.HEADPHONES))
    assert not rig.failures.items


def test_a_loudspeaker_that_fails_at_once_is_refused_and_the_old_one_goes_on(
    cards: TestCards,
) -> None:
    cards.break_down(AudioMode.EARPIECE)

    def play(rig: Rig) -> None:
        rig.open()
        rig.play(20)
        with pytest.raises(AudioUnavailable, match="earpiece stopped working") as caught:
            rig.router.select(AudioMode.EARPIECE)
        assert caught.value.reason is AudioFault.FAILED
        rig.play(20)
        rig.capture(3)
        assert rig.router.selected is AudioMode.SPEAKER
        assert not rig.failures.items

    undisturbed(cards, CONFIG, play)
    heard = cards.heard(AudioMode.SPEAKER)
    assert steepest(heard) < STEEPEST_OF_TONE * FADE_ADDS
    assert loudest_hz(heard) == pytest.approx(TONE_HZ, abs=10)


def test_after_a_loss_a_route_that_fails_at_once_is_told_and_another_can_be_had(
    rig: Rig, cards: TestCards
) -> None:
    rig.open(AudioMode.HEADPHONES)
    rig.play(3)
    cards.unplug(AudioMode.HEADPHONES)
    rig.devices.wait_count(1)
    cards.break_down(AudioMode.EARPIECE)
    with pytest.raises(AudioUnavailable, match="earpiece stopped working"):
        rig.router.select(AudioMode.EARPIECE)
    rig.play(3)  # silent, but paced
    rig.router.select(AudioMode.SPEAKER)
    rig.play(10)
    cards.unplug(AudioMode.SPEAKER)
    assert rig.failures.wait_count(2)[1].reason is AudioFault.DISCONNECTED


def test_a_route_that_is_not_fitted_is_absent(cards: TestCards) -> None:
    rig = Rig(replace(CONFIG, earpiece=AlsaRoute()))
    with pytest.raises(AudioUnavailable, match="No earpiece") as caught:
        rig.open(AudioMode.EARPIECE)
    assert caught.value.reason is AudioFault.ABSENT


def test_a_device_that_alsa_does_not_know_is_named(cards: TestCards) -> None:
    rig = Rig(replace(CONFIG, speaker=AlsaRoute(playback="nowhere")))
    with pytest.raises(AudioUnavailable, match=r"nowhere cannot be opened.*aplay -L") as caught:
        rig.open()
    assert caught.value.reason is AudioFault.ABSENT


def test_without_any_microphone_it_says_what_to_set(cards: TestCards) -> None:
    route = AlsaRoute(playback="speaker")
    rig = Rig(replace(CONFIG, speaker=route, earpiece=route, headphones=route))
    with pytest.raises(AudioUnavailable, match="set capture"):
        rig.open()


def test_an_open_router_is_busy(rig: Rig) -> None:
    rig.open()
    with pytest.raises(AudioUnavailable) as caught:
        rig.open()
    assert caught.value.reason is AudioFault.BUSY
    rig.capture(2)


@pytest.mark.spec("3.on_audio_mode_changed")
def test_a_sink_that_vanishes_is_noticed_within_a_second_and_the_fallback_taken(
    rig: Rig, cards: TestCards
) -> None:
    """The fallback is the session's policy; moving there is asked from another thread, as it does."""
    rig.open(AudioMode.HEADPHONES)
    rig.play(5)
    before_s = time.monotonic()
    cards.unplug(AudioMode.HEADPHONES)
    (failure,) = rig.failures.wait_count(1)
    (devices,) = rig.devices.wait_count(1)
    assert time.monotonic() - before_s < 1
    assert failure.reason is AudioFault.DISCONNECTED
    assert AudioMode.HEADPHONES not in {device.mode for device in devices}
    fallback = default_route(devices, None, audio_only=True)
    assert fallback is AudioMode.BLUETOOTH
    taken = rig.router.counters.played_blocks
    rig.play(3)  # silent, but paced
    assert rig.router.counters.played_blocks == taken
    rig.router.select(fallback)
    rig.play(20)
    rig.capture(20)
    rig.router.close()
    assert loudest_hz(cards.heard(fallback)) == pytest.approx(TONE_HZ, abs=10)
    assert len(rig.failures.items) == 1


def test_a_sink_that_comes_back_can_be_used_again(rig: Rig, cards: TestCards) -> None:
    rig.open(AudioMode.HEADPHONES)
    rig.play(3)
    cards.unplug(AudioMode.HEADPHONES)
    rig.devices.wait_count(1)
    rig.router.select(AudioMode.SPEAKER)
    cards.plug(AudioMode.HEADPHONES)
    rig.routes.changed()
    devices = rig.devices.wait_count(2)[1]
    assert devices[-1].mode is AudioMode.HEADPHONES
    rig.router.select(AudioMode.HEADPHONES)
    rig.play(10)
    rig.router.close()
    assert len(rig.failures.items) == 1


def test_a_microphone_that_vanishes_leaves_the_loudspeaker_playing(cards: TestCards) -> None:
    """And the route selected anew uses the microphone of another."""
    rig = Rig(replace(CONFIG, speaker=AlsaRoute(playback="speaker", capture="bluetooth")))
    rig.open()
    rig.capture(3)
    cards.unplug(AudioMode.BLUETOOTH)
    (failure,) = rig.failures.wait_count(1)
    assert failure.reason is AudioFault.DISCONNECTED
    (devices,) = rig.devices.wait_count(1)
    assert AudioDevice(AudioMode.SPEAKER, "Speaker", has_microphone=False) in devices
    rig.play(20)
    rig.router.select(AudioMode.SPEAKER)
    captured = samples_of(b"".join(rig.capture(50)[5:]))
    rig.router.close()
    assert loudest_hz(captured) == pytest.approx(MICROPHONE_HZ[AudioMode.EARPIECE], abs=3)
    assert loudest_hz(cards.heard(AudioMode.SPEAKER)) == pytest.approx(TONE_HZ, abs=10)
    assert len(rig.failures.items) == 1


def test_a_card_that_stands_still_is_noticed_within_a_second(rig: Rig, cards: TestCards) -> None:
    rig.open()
    rig.play(10)
    rig.capture(10)
    before_s = time.monotonic()
    cards.stall(AudioMode.SPEAKER)
    (failure,) = rig.failures.wait_count(1)
    assert time.monotonic() - before_s < 1
    assert failure.reason is AudioFault.FAILED
    assert "stands still" in str(failure)
    rig.router.select(AudioMode.EARPIECE)
    rig.play(5)
    rig.capture(5)


def test_a_headset_may_take_its_time_to_start(rig: Rig, cards: TestCards) -> None:
    cards.stall(AudioMode.SPEAKER)
    rig.open()
    late = threading.Timer(2 * STALL_S, cards.go_on, [AudioMode.SPEAKER])
    late.start()
    rig.capture(3)
    rig.play(3)
    late.join()
    assert not rig.failures.items


def test_an_underrun_is_counted_and_survived(cards: TestCards) -> None:
    rig = Rig()
    release = threading.Event()

    def slow(at_s: float, number: int) -> None:
        if number == 20:
            release.wait(PATIENCE_S)

    rig.asked = Heard(slow)
    rig.open()
    rig.asked.wait_count(20)
    rig.capture(10)  # a tenth of a second, by the card's clock
    release.set()
    rig.play(30)
    rig.router.close()
    assert rig.router.counters.underruns >= 1
    assert not rig.failures.items
    assert loudest_hz(cards.heard(AudioMode.SPEAKER)[-480 * 20 :]) == pytest.approx(TONE_HZ, abs=10)


@pytest.mark.parametrize(("blocks", "counter"), [(6, "dropped_blocks"), (30, "overruns")])
def test_a_stale_backlog_is_dropped_and_an_overrun_survived(
    cards: TestCards, blocks: int, counter: str
) -> None:
    rig = Rig()

    def slow(_: bytes, number: int) -> None:
        if number == 10:
            rig.play(blocks)

    rig.captured = Heard(slow)
    rig.open()
    rig.captured.wait_count(10)
    rig.capture(20)
    rig.router.close()
    assert getattr(rig.router.counters, counter) >= 1
    assert len(rig.captured.items) <= len(rig.asked.items) - min(blocks, 8) + 6
    assert not rig.failures.items


def test_an_hour_of_blocks_leaves_no_backlog(cards: TestCards) -> None:
    """As fast as ALSA's null device takes them."""
    hour = round(3600 / BLOCK_S)
    quiet = AlsaRoute(playback="quiet", capture="quiet")
    router = AlsaAudioRouter(replace(CONFIG, speaker=quiet))
    done = threading.Event()
    asked, failures = itertools.count(1), Heard[AudioUnavailable]()
    silence = bytes(BLOCK_BYTES)

    def next_block() -> bytes:
        if next(asked) == hour:
            done.set()
        return silence

    captured = itertools.count()
    router.open(AudioMode.SPEAKER, lambda block: next(captured), next_block, failures)
    before = memory_bytes()
    assert done.wait(120)
    grown = memory_bytes() - before
    router.close()
    assert grown < 5e6
    assert router.counters.underruns == router.counters.overruns == 0
    assert not failures.items


@pytest.mark.parametrize("size", [0, BLOCK_BYTES - 2, BLOCK_BYTES * 2])
def test_a_block_of_the_wrong_size_is_reported_once(rig: Rig, size: int) -> None:
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


def test_a_source_that_raises_is_reported_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    asked: Heard[int] = Heard()

    def broken() -> bytes:
        asked(1)
        raise RuntimeError("no more sound")

    start_s = time.monotonic()
    rig.router.open(AudioMode.SPEAKER, rig.captured, broken, rig.failures)
    asked.wait_count(12)
    assert time.monotonic() - start_s > 10 * BLOCK_S  # it does not spin
    rig.router.close()
    (failure,) = rig.failures.items
    assert "no more sound" in str(failure)
    assert caplog.text.count("The sound stopped") == 1


def test_nothing_comes_after_close_and_it_may_be_repeated(rig: Rig) -> None:
    rig.router.close()
    for _ in range(3):
        rig.open()
        rig.capture(2)
        rig.router.close()
        rig.router.close()
        counts = len(rig.captured.items), len(rig.asked.items)
        assert rig.router.selected is None
        assert not {"capture", "playback"} & {thread.name for thread in threading.enumerate()}
        assert counts == (len(rig.captured.items), len(rig.asked.items))
    assert not rig.failures.items
