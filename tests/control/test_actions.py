"""What the buttons of a running unit do, in a call and outside one."""

from pathlib import Path

import pytest

from device.config import parse
from device.errors import ConfigError
from device.service.standstill import StandstillWatch
from hal import Button, Lamp
from hal.board import SimulatedBoard
from hal.buttons.simulated import SimulatedButtons
from hal.outputs.simulated import SimulatedOutputs
from tests.control.conftest import Served, config_for, serving
from tests.exchange.conftest import RunningExchange
from tests.media.world import until

PINS = {"call": 23, "door": 26, "lamp_in_call": 5, "lamp_muted": 6}
TABLES = {
    "hardware": {"pins": PINS, "debounce_s": 0, "hold_s": 0.2},
    "buttons": {"mute_held": "open_door", "camera_switch_held": "end_call", "door_open_s": 0.1},
}


def fingers(door: Served) -> SimulatedButtons:
    buttons = door.unit.hardware.buttons
    assert isinstance(buttons, SimulatedButtons)
    return buttons


def outputs(door: Served) -> SimulatedOutputs:
    made = door.unit.hardware.outputs
    assert isinstance(made, SimulatedOutputs)
    return made


async def test_buttons_act_by_press_and_by_hold(exchange: RunningExchange, tmp_path: Path) -> None:
    async with serving(config_for(exchange.url, "door", **TABLES), tmp_path / "socket") as door:
        await door.in_call()
        buttons, seen = fingers(door), outputs(door)
        assert seen.is_lit(Lamp.IN_CALL)
        buttons.press(Button.MUTE)
        await until(lambda: seen.is_door_open)
        await until(lambda: not seen.is_door_open)
        buttons.release(Button.MUTE)
        assert not seen.is_lit(Lamp.MUTED), "the hold was no press"
        buttons.tap(Button.MUTE)
        await until(lambda: seen.is_lit(Lamp.MUTED))
        buttons.press(Button.CAMERA_SWITCH)
        await until(lambda: not seen.is_lit(Lamp.IN_CALL))
        buttons.release(Button.CAMERA_SWITCH)
        await until(lambda: any("Waiting" in words for words in door.told))
        buttons.tap(Button.CALL)
        await door.in_call()
        assert seen.is_lit(Lamp.IN_CALL)


async def test_a_door_that_is_not_there_is_told(exchange: RunningExchange, tmp_path: Path) -> None:
    tables = {**TABLES, "hardware": {"hold_s": 0.2}}
    async with serving(config_for(exchange.url, "door", **tables), tmp_path / "socket") as door:
        await door.in_call()
        fingers(door).press(Button.MUTE)
        await until(lambda: any("no door relay" in words for words in door.told))


async def test_each_beat_of_the_unit_looks_at_its_board(
    exchange: RunningExchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[SimulatedBoard] = []
    monkeypatch.setattr(SimulatedBoard, "watch", lambda board: looks.append(board))
    async with serving(config_for(exchange.url, "door", **TABLES), tmp_path / "socket") as door:
        door.unit.health(StandstillWatch(), 0.0)
        assert looks == [door.unit.hardware.board]


@pytest.mark.parametrize("seconds", [0.0, 10.5])
def test_the_door_is_not_to_be_open_for_longer_than_it_may(seconds: float) -> None:
    with pytest.raises(ConfigError, match="door_maximum_s"):
        parse({"buttons": {"door_open_s": seconds}})
