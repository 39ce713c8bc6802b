"""The door, opened from the command line: its own process, a real socket, a relay that is watched."""

import asyncio
import json
from pathlib import Path

import pytest

from hal.outputs.simulated import SimulatedOutputs
from tests.cli.terminal import terminal
from tests.control.conftest import Served, config_for, serving
from tests.exchange.conftest import RunningExchange
from tests.media.world import until

WITH_DOOR = {"pins": {"door": 26}}


def relay(door: Served) -> SimulatedOutputs:
    outputs = door.unit.hardware.outputs
    assert isinstance(outputs, SimulatedOutputs)
    return outputs


async def test_the_door_opens_and_shuts_by_itself(
    exchange: RunningExchange, tmp_path: Path
) -> None:
    config = config_for(exchange.url, "door", hardware=WITH_DOOR, buttons={"door_open_s": 0.3})
    async with serving(config, tmp_path / "socket") as door:
        await door.in_call()
        opened = asyncio.create_task(door.callbox("door"))
        await until(lambda: relay(door).is_door_open)
        await until(lambda: not relay(door).is_door_open)
        done = await opened
        assert (done.returncode, done.stdout) == (0, "The door is open for 0.3 s.\n")
        assert "The door is open for 0.3 s." in door.told, "the log says so, too"
        assert json.loads((await door.callbox("door", "--json")).stdout) == {"open_s": 0.3}
        assert (await door.callbox("end")).returncode == 0
        await until(lambda: not relay(door).is_door_open)
        assert (await door.callbox("door")).returncode == 0, "without a call as well"


async def test_on_a_terminal_it_says_so(exchange: RunningExchange, tmp_path: Path) -> None:
    config = config_for(exchange.url, "door", hardware=WITH_DOOR)

    def look() -> None:
        with terminal("door", "--socket", str(tmp_path / "socket")) as shown:
            shown.until(r"The door is open for 3 s\.")
            assert shown.process.wait(10) == 0

    async with serving(config, tmp_path / "socket") as door:
        await asyncio.to_thread(look)
        assert relay(door).is_door_open


@pytest.mark.parametrize(
    ("hardware", "words"),
    [({}, "door under [hardware.pins]"), ({"outputs": "disabled"}, "outputs under [hardware]")],
)
async def test_a_unit_without_a_door_says_so(
    exchange: RunningExchange, tmp_path: Path, hardware: dict[str, str], words: str
) -> None:
    config = config_for(exchange.url, "door", hardware=hardware)
    async with serving(config, tmp_path / "socket") as door:
        refused = await door.callbox("door", "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "no door relay" in refused.stderr
    assert words in refused.stderr


async def test_a_relay_that_does_not_answer_is_told(
    exchange: RunningExchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_for(exchange.url, "door", hardware=WITH_DOOR)
    async with serving(config, tmp_path / "socket") as door:
        monkeypatch.setattr("hal.outputs.relay._answer", lambda keeper, within_s: "no answer")
        refused = await door.callbox("door")
    assert refused.returncode == 1
    assert "could not be switched (no answer)" in refused.stderr
