"""What the lamps show of a call, and of a unit that cannot be in one."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from device.app import open_unit
from device.config import parse
from device.control import messages
from device.control.lamps import LampPanel, lit
from device.errors import ControlError
from device.session.call import Calls
from device.session.facts import (
    AudioFailed,
    CameraLost,
    DevicesChanged,
    ExchangeLost,
    ExchangeRestored,
    PeerLinkLost,
    PeerLinkUp,
)
from device.session.snapshot import Snapshot, Sound
from device.session.table import LIVE, Phase
from device.trial.desk import DESK
from hal import (
    AudioFault,
    AudioMode,
    AudioUnavailable,
    CameraFault,
    CameraUnavailable,
    Facing,
    Lamp,
)
from hal.audio.simulated import SimulatedAudioRouter
from hal.camera.simulated import SimulatedCamera
from hal.outputs.simulated import SimulatedOutputs
from tests.control.conftest import config_for, serving
from tests.exchange.conftest import RunningExchange
from tests.media.world import until
from tests.session.fakes import ANA, SPEAKER, World, entry

IN_CALL = Snapshot(phase=Phase.ACTIVE, sound=Sound.OPEN, route=AudioMode.SPEAKER)


@pytest.mark.parametrize("phase", list(Phase))
def test_only_a_call_that_is_on_is_shown(phase: Phase) -> None:
    call = replace(IN_CALL, phase=phase, muted=True, recording_id="7", exchange_lost_at_s=1.0)
    assert lit(call) == (frozenset(Lamp) if phase in LIVE else frozenset())


def test_a_unit_without_a_call_shows_only_that_it_tries_in_vain() -> None:
    assert lit(None) == frozenset()
    assert lit(None, in_trouble=True) == {Lamp.ERROR}
    assert lit(replace(IN_CALL, phase=Phase.ENDED), in_trouble=True) == {Lamp.ERROR}
    assert lit(IN_CALL, in_trouble=True) == {Lamp.IN_CALL}


@pytest.mark.parametrize(
    ("call", "lamp"),
    [
        (replace(IN_CALL, muted=True), Lamp.MUTED),
        (replace(IN_CALL, recording_id="7"), Lamp.RECORDING),
        (replace(IN_CALL, route_failed=True), Lamp.ERROR),
        (replace(IN_CALL, route=None), Lamp.ERROR),
        (replace(IN_CALL, camera_failed=True), Lamp.ERROR),
        (replace(IN_CALL, sound=Sound.CLOSED), Lamp.ERROR),
        (replace(IN_CALL, exchange_lost_at_s=5.0), Lamp.ERROR),
    ],
)
def test_each_state_has_its_lamp(call: Snapshot, lamp: Lamp) -> None:
    assert lit(call) == {Lamp.IN_CALL, lamp}


class Lit:
    """The lamps of a world's unit."""

    def __init__(self, world: World) -> None:
        self.outputs = SimulatedOutputs()
        self.outputs.open()
        panel = LampPanel(self.outputs)
        world.calls = Calls(
            lambda: world.media, lambda: world.exchange, world.clock, on_change=panel.show_call
        )

    def now(self) -> set[Lamp]:
        return {lamp for lamp in Lamp if self.outputs.is_lit(lamp)}


async def test_the_lamps_follow_a_call() -> None:
    world = World()
    lamps = Lit(world)
    async with world.calls:
        world.exchange.others = (entry(ANA),)
        call = await world.start()
        assert lamps.now() == {Lamp.IN_CALL}
        await call.mute_audio(True)
        assert lamps.now() == {Lamp.IN_CALL, Lamp.MUTED}
        await call.mute_audio(False)
        world.exchange.report(ExchangeLost())
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
        world.exchange.report(ExchangeRestored(1.0))
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL}
        world.media.report(AudioFailed("The jack is out."))
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
        await call.end_session()
        assert lamps.now() == set()
    lamps.outputs.close()


async def test_a_lost_camera_is_shown_until_it_films_again() -> None:
    world = World()
    lamps = Lit(world)
    async with world.calls:
        call = await world.start()
        lost = CameraUnavailable(CameraFault.DISCONNECTED, "The camera is out.")
        world.media.report(CameraLost(lost))
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
        world.media.failures_once["open_camera"] = lost
        with pytest.raises(CameraUnavailable):
            await call.pause_video(False)
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
        await call.pause_video(False)
        assert lamps.now() == {Lamp.IN_CALL}
        await call.pause_video(True)
        assert lamps.now() == {Lamp.IN_CALL}, "closed by a person is not lost"
    lamps.outputs.close()


async def test_a_camera_that_does_not_open_is_shown() -> None:
    world = World()
    lamps = Lit(world)
    world.media.failures_once["open_camera"] = CameraUnavailable(CameraFault.BUSY, "It is held.")
    async with world.calls:
        call = await world.start()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
        await call.pause_video(False)
        assert lamps.now() == {Lamp.IN_CALL}
    lamps.outputs.close()


async def test_a_lost_microphone_is_shown_until_a_route_has_one_again() -> None:
    """The loudspeaker stays, and cannot be selected, as no microphone is left for it."""
    world = World()
    lamps = Lit(world)
    async with world.calls:
        await world.start()
        none = AudioUnavailable(AudioFault.ABSENT, "There is no microphone for the speaker.")
        world.media.failures["select_route"] = none
        world.media.report(AudioFailed("The microphone is out."))
        world.media.report(DevicesChanged((replace(SPEAKER, has_microphone=False),)))
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
        del world.media.failures["select_route"]
        world.media.report(DevicesChanged((SPEAKER,)))
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL}
    lamps.outputs.close()


async def test_a_broken_link_is_shown() -> None:
    world = World()
    lamps = Lit(world)
    async with world.calls:
        world.exchange.others = (entry(ANA),)
        await world.start()
        world.media.report(PeerLinkUp("ana"))
        world.media.report(PeerLinkLost("ana"))
        await world.settle()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.ERROR}
    lamps.outputs.close()


async def test_a_unit_without_sound_is_shown_and_muted() -> None:
    world = World()
    lamps = Lit(world)
    world.media.failures["open"] = AudioUnavailable(AudioFault.FAILED, "No sound card.")
    async with world.calls:
        await world.start()
        assert lamps.now() == {Lamp.IN_CALL, Lamp.MUTED, Lamp.ERROR}
    lamps.outputs.close()


def test_a_lamp_that_fails_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(SimulatedOutputs):
        is_broken = True

        def set_lamp(self, lamp: Lamp, lit: bool) -> None:
            if self.is_broken:
                raise OSError("no such line")
            super().set_lamp(lamp, lit)

    outputs = Broken()
    outputs.open()
    panel = LampPanel(outputs)
    with caplog.at_level(logging.ERROR):
        panel.show_call(IN_CALL)
    assert "a lamp cannot be switched" in caplog.text
    outputs.is_broken = False
    panel.show_call(IN_CALL)
    assert outputs.is_lit(Lamp.IN_CALL)
    outputs.close()


async def test_a_unit_that_cannot_reach_its_exchange_shows_it() -> None:
    pins = {f"lamp_{lamp.value}": 5 + number for number, lamp in enumerate(Lamp)}
    config = parse(
        {
            "unit": {"session": "hall"},
            "exchange": {"url": "http://127.0.0.1:9", "uid": "door", "password": "secret"},
            "hardware": {
                **DESK,
                "outputs": "simulated",
                "pins": pins,
            },
            "media": {"echo_canceller": "off"},
        }
    )
    async with open_unit(config, tell=lambda words: None) as unit:
        outputs = unit.hardware.outputs
        assert isinstance(outputs, SimulatedOutputs)
        assert not outputs.is_lit(Lamp.ERROR)
        running = asyncio.create_task(unit.run())
        await until(lambda: outputs.is_lit(Lamp.ERROR))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


LAMPS = {f"lamp_{lamp.value}": 5 + number for number, lamp in enumerate(Lamp)}


async def test_real_parts_that_go_and_come_back_are_shown(
    exchange: RunningExchange, tmp_path: Path
) -> None:
    config = config_for(exchange.url, "door", hardware={"pins": LAMPS})
    async with serving(config, tmp_path / "socket") as door:
        await door.in_call()
        hardware = door.unit.hardware
        outputs, camera, audio = hardware.outputs, hardware.camera, hardware.audio
        assert isinstance(outputs, SimulatedOutputs)
        assert isinstance(camera, SimulatedCamera)
        assert isinstance(audio, SimulatedAudioRouter)
        await until(lambda: not outputs.is_lit(Lamp.ERROR))

        camera.sensors.unplug(Facing.FRONT)
        await until(lambda: outputs.is_lit(Lamp.ERROR))
        camera.sensors.plug(Facing.FRONT)
        await door.ask(messages.Camera, wish=messages.CameraWish.ON)
        await until(lambda: not outputs.is_lit(Lamp.ERROR))

        audio.fail_now()
        await until(lambda: outputs.is_lit(Lamp.ERROR))
        await door.ask(messages.Route, mode=AudioMode.SPEAKER)
        await until(lambda: not outputs.is_lit(Lamp.ERROR))


async def test_a_call_that_a_defect_ended_is_shown_until_the_next(
    exchange: RunningExchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = {"session": "hall", "rejoin": False}
    config = config_for(exchange.url, "door", hardware={"pins": LAMPS}, unit=unit)
    async with serving(config, tmp_path / "socket") as door:
        await door.in_call()
        outputs = door.unit.hardware.outputs
        assert isinstance(outputs, SimulatedOutputs)

        def fail(camera: SimulatedCamera, facing: Facing) -> None:
            raise ZeroDivisionError("a defect")

        with monkeypatch.context() as broken:
            broken.setattr(SimulatedCamera, "switch", fail)
            with pytest.raises(ControlError):
                await door.ask(messages.Camera, wish=messages.CameraWish.SWITCH)
            await until(lambda: door.unit.calls.active is None)
        await until(lambda: outputs.is_lit(Lamp.ERROR))
        assert not outputs.is_lit(Lamp.IN_CALL)
        await until(lambda: any("Waiting" in words for words in door.told))
        assert outputs.is_lit(Lamp.ERROR), "it stays while the unit waits"
        await door.ask(messages.Join)
        await until(lambda: outputs.is_lit(Lamp.IN_CALL) and not outputs.is_lit(Lamp.ERROR))
