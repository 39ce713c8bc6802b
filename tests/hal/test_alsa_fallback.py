"""A real session, a real media engine and the real ALSA: a sound card that vanishes in a call."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from device.media.engine import MediaEngine
from device.session.call import Calls
from device.session.values import AudioRoute
from hal import AudioMode
from hal.audio.alsa import AlsaAudioRouter
from hal.audio.routes import AlsaConfig, AlsaRoute
from hal.camera.simulated import SimulatedCamera, SimulatedSensors
from tests.hal.alsa_cards import TestCards
from tests.media.world import until
from tests.session.fakes import World

FITTED = {
    mode.value: AlsaRoute(playback=mode.value, capture=mode.value)
    for mode in (AudioMode.SPEAKER, AudioMode.HEADPHONES)
}
CONFIG = AlsaConfig(**FITTED, bluetooth=AlsaRoute(), realtime_priority=0)


@pytest.fixture
async def unit(cards: TestCards) -> AsyncIterator[tuple[World, AlsaAudioRouter]]:
    world, router = World(), AlsaAudioRouter(CONFIG)
    camera = SimulatedCamera(SimulatedSensors())
    world.calls = Calls(lambda: MediaEngine(camera, router), lambda: world.exchange, world.clock)
    async with world.calls:
        yield world, router


@pytest.mark.spec("3.on_audio_mode_changed")
async def test_a_card_that_vanishes_in_a_call_gives_way_to_the_next_within_a_second(
    unit: tuple[World, AlsaAudioRouter], cards: TestCards
) -> None:
    world, router = unit
    await world.start(audio_only=True)
    assert await now_on(world) is AudioMode.HEADPHONES
    before_s = time.monotonic()
    cards.unplug(AudioMode.HEADPHONES)
    await world.ear.wait_for("error")
    assert await now_on(world, but_not=AudioMode.HEADPHONES) is AudioMode.SPEAKER
    assert time.monotonic() - before_s < 1
    assert router.selected is AudioMode.SPEAKER
    await asyncio.to_thread(router.close)
    assert len(cards.heard(AudioMode.SPEAKER)) > 0


@pytest.mark.parametrize(
    "mode", [AudioMode.SPEAKER, AudioMode.EARPIECE], ids=lambda mode: mode.value
)
async def test_a_card_that_failed_in_a_call_and_works_again_is_heard_again(
    cards: TestCards, mode: AudioMode
) -> None:
    """The loudspeaker or the microphone. Nobody touches the unit; no event tells that it works again."""
    speaker = AlsaRoute(playback="speaker", capture="earpiece")
    world, router = (
        World(),
        AlsaAudioRouter(replace(CONFIG, headphones=AlsaRoute(), speaker=speaker)),
    )
    camera = SimulatedCamera(SimulatedSensors())
    world.calls = Calls(lambda: MediaEngine(camera, router), lambda: world.exchange, world.clock)
    async with world.calls:
        await world.start(audio_only=True)
        assert await now_on(world) is AudioMode.SPEAKER
        cards.break_down(mode)
        await world.ear.wait_for("error")
        cards.mend(mode)
        played = router.counters.played_blocks
        world.clock.advance(1.0)
        (routes,) = await world.ear.wait_for("audio_mode_changed", 3)
        assert [route.is_selected for route in routes] == [True]
        assert router.selected is AudioMode.SPEAKER
        await until(lambda: router.counters.played_blocks > played + 20)


async def now_on(world: World, but_not: AudioMode | None = None) -> AudioMode:
    """The route in use, as soon as the listeners have been told of one."""
    told = 0
    while True:
        told += 1
        (routes,) = await world.ear.wait_for("audio_mode_changed", told)
        assert isinstance(routes, tuple)
        used = [
            route.mode for route in routes if isinstance(route, AudioRoute) and route.is_selected
        ]
        if used and used[0] is not but_not:
            return used[0]
