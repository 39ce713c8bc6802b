"""The tones: how they sound, and how they share the sound card with a call."""

import numpy as np
import numpy.typing as npt
import pytest

from device.phone.ringer import Ringer
from device.phone.tones import INCOMING_HZ, RINGBACK_HZ, blocks_of
from device.phone.values import Tone
from hal import BLOCK_BYTES, AudioFault, AudioMode, AudioUnavailable
from hal.audio.simulated import SimulatedAudioRouter
from tests.media.world import loudest_hz, until

SILENCE = bytes(BLOCK_BYTES)


def samples(blocks: list[bytes]) -> npt.NDArray[np.int16]:
    return np.frombuffer(b"".join(blocks), "<i2")


@pytest.mark.parametrize("tone", Tone)
def test_a_tone_begins_softly_ends_in_silence_and_never_clips(tone: Tone) -> None:
    wave = samples(blocks_of(tone, 1.0)).astype(float)
    loudest = np.abs(wave).max()
    assert loudest < 32_000
    assert np.abs(wave[:480]).max() < 0.05 * loudest, "the first 10 ms"
    assert np.abs(np.diff(wave)).max() < 0.15 * loudest, "no click anywhere"
    assert not wave[-480:].any()


def test_the_two_tones_are_told_apart_and_loudness_scales() -> None:
    incoming = samples(blocks_of(Tone.INCOMING, 0.5))
    assert abs(loudest_hz(incoming[:24_000]) - INCOMING_HZ[0]) < 5
    assert abs(loudest_hz(samples(blocks_of(Tone.RINGBACK, 0.5))[:48_000]) - RINGBACK_HZ) < 5
    assert not samples(blocks_of(Tone.INCOMING, 0.0)).any()


@pytest.fixture
def audio() -> SimulatedAudioRouter:
    return SimulatedAudioRouter()


def ringer_of(audio: SimulatedAudioRouter, route: AudioMode = AudioMode.SPEAKER) -> Ringer:
    return Ringer(audio, route, 1.0)


async def test_alone_it_has_the_card_for_as_long_as_it_rings(audio: SimulatedAudioRouter) -> None:
    ringer = ringer_of(audio)
    ringer.play(Tone.INCOMING)
    assert ringer.tend() == ""
    assert (audio.selected, ringer.selected) == (AudioMode.SPEAKER, None)
    await until(lambda: samples([audio.played(AudioMode.SPEAKER)]).any())
    ringer.play(None)
    ringer.tend()
    assert audio.selected is None


async def test_over_a_call_both_are_heard_and_the_call_keeps_the_card(
    audio: SimulatedAudioRouter,
) -> None:
    ringer = ringer_of(audio)
    ringer.play(Tone.RINGBACK)
    ringer.tend()
    voice = (np.ones(480, "<i2") * 100).tobytes()
    ringer.open(AudioMode.EARPIECE, lambda _: None, lambda: voice, lambda _: None)
    await until(lambda: samples([audio.played(AudioMode.EARPIECE)]).max(initial=0) > 5000)
    ringer.play(None)
    audio.forget_played()
    await until(lambda: audio.played(AudioMode.EARPIECE).endswith(voice * 2))
    ringer.tend()
    assert ringer.selected is AudioMode.EARPIECE
    ringer.play(Tone.INCOMING)
    ringer.close()
    assert audio.selected is None
    ringer.tend()
    assert audio.selected is AudioMode.SPEAKER, "the tone goes on when the call has gone"
    ringer.close()
    assert audio.selected is AudioMode.SPEAKER, "what a call never had it does not close"
    ringer.play(None)
    ringer.tend()


async def test_where_its_route_is_not_another_rings(audio: SimulatedAudioRouter) -> None:
    ringer = ringer_of(audio, AudioMode.BLUETOOTH)
    ringer.play(Tone.INCOMING)
    assert "rings on the" in ringer.tend()
    assert audio.selected is not None
    audio.fail_now()
    ringer.tend()
    assert audio.selected is not None, "a route that broke is opened anew"
    ringer.play(None)
    ringer.tend()


def test_where_there_is_none_it_says_so() -> None:
    ringer = ringer_of(SimulatedAudioRouter(devices=()))
    ringer.play(Tone.INCOMING)
    with pytest.raises(AudioUnavailable) as caught:
        ringer.tend()
    assert caught.value.reason is AudioFault.ABSENT
