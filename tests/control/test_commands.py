"""The commands that speak to a running unit: their own process, a real socket, a real terminal."""

import asyncio
import json
import re
import signal
from pathlib import Path

import pytest

from hal import AudioDevice, AudioMode, Facing
from hal.audio.simulated import SimulatedAudioRouter
from tests.cli.terminal import callbox, terminal
from tests.control.conftest import Served
from tests.media.world import until

ESCAPE = "\x1b"


async def test_status_on_a_terminal_is_one_screen_in_colour(door: Served, ana: Served) -> None:
    def look() -> str:
        with terminal("status", "--socket", str(door.socket)) as shown:
            text = shown.rest()
            assert shown.process.wait(10) == 0
            return text

    text = await asyncio.to_thread(look)
    assert ESCAPE in text
    assert len(text.splitlines()) <= 24
    for words in ("in the session", "hall", "microphone", "camera", "speaker", "Ana (connected"):
        assert words in text


async def test_piped_it_has_no_colour_and_json_is_whole(door: Served) -> None:
    plain = await door.callbox("status")
    assert (plain.returncode, ESCAPE in plain.stdout) == (0, False)
    told = json.loads((await door.callbox("status", "--json")).stdout)
    assert told["call"]["session"] == "hall"
    assert told["call"]["phase"] == "active"


async def test_no_color_is_respected(door: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    def look() -> str:
        with terminal("status", "--socket", str(door.socket)) as shown:
            return shown.rest()

    text = await asyncio.to_thread(look)
    assert "in the session" in text
    assert ESCAPE not in text


async def test_each_command_does_what_it_says(door: Served) -> None:
    def now() -> tuple[bool, Facing | None, AudioMode | None, bool]:
        call = door.unit.calls.active
        assert call is not None
        at = call.snapshot
        return at.muted, at.facing if at.camera_open else None, at.route, at.pip

    for command, expected in (
        ("mute on", (True, Facing.FRONT, AudioMode.SPEAKER, False)),
        ("mute", (False, Facing.FRONT, AudioMode.SPEAKER, False)),
        ("camera rear", (False, Facing.REAR, AudioMode.SPEAKER, False)),
        ("camera off", (False, None, AudioMode.SPEAKER, False)),
        ("camera switch", (False, None, AudioMode.SPEAKER, False)),
        ("camera on", (False, Facing.FRONT, AudioMode.SPEAKER, False)),
        ("route earpiece", (False, Facing.FRONT, AudioMode.EARPIECE, False)),
        ("pip on", (False, Facing.FRONT, AudioMode.EARPIECE, True)),
    ):
        done = await door.callbox(*command.split())
        assert (done.returncode, done.stderr) == (0, ""), command
        assert now() == expected, command
    routes = (await door.callbox("route")).stdout
    assert re.search(r"(?m)^\* earpiece", routes)
    assert re.search(r"(?m)^  speaker", routes)
    muted = json.loads((await door.callbox("mute", "on", "--json")).stdout)
    assert muted["is_muted"] is True


async def test_a_name_from_elsewhere_does_not_steer_the_terminal(door: Served) -> None:
    audio = door.unit.hardware.audio
    assert isinstance(audio, SimulatedAudioRouter)
    audio.plug(AudioDevice(AudioMode.BLUETOOTH, "Boom\x1b[2Jbox\n", has_microphone=True))
    call = door.unit.calls.active
    await until(lambda: call is not None and call.snapshot.route is AudioMode.BLUETOOTH)
    assert (await door.callbox("route")).stdout.splitlines()[-1] == "* bluetooth   Boom?[2Jbox?"


async def test_end_and_call(door: Served) -> None:
    assert (await door.callbox("end")).stdout == "The call is over.\n"
    again = await door.callbox("end")
    assert (again.returncode, "callbox join" in again.stderr) == (1, True)
    assert "none" in (await door.callbox("status")).stdout
    called = await door.callbox("join", "attic")
    assert (called.returncode, "attic" in called.stdout) == (0, True)


async def test_events_are_followed_on_a_terminal_until_interrupted(door: Served) -> None:
    def watch() -> str:
        with terminal("events", "--follow", "--socket", str(door.socket)) as shown:
            shown.until("Following")
            assert callbox("mute", "on", "--socket", str(door.socket)).returncode == 0
            line = shown.until(r"\d\d:\d\d:\d\d user_muted .*").group()
            shown.process.send_signal(signal.SIGINT)
            assert shown.process.wait(10) == 0
            return line

    assert "participant=Door muted=true" in await asyncio.to_thread(watch)


async def test_events_as_json_are_a_line_each(door: Served) -> None:
    def watch() -> dict[str, object]:
        with terminal("events", "--follow", "--json", "--socket", str(door.socket)) as shown:
            shown.until("Following.*\n")
            assert callbox("mute", "on", "--socket", str(door.socket)).returncode == 0
            told: dict[str, object] = json.loads(shown.until(r"\{.*\}\r?\n").group())
            return told

    told = await asyncio.to_thread(watch)
    assert told["event"] == "user_muted"


async def test_events_end_when_the_unit_does(door: Served) -> None:
    watching = asyncio.create_task(door.callbox("events", "--follow"))
    await until(lambda: bool(door.unit.events._watchers))
    for task in asyncio.all_tasks():
        if task.get_name() == "control-connection":
            task.cancel()
    ended = await watching
    assert ended.returncode == 3
    assert "has ended" in ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "join",
        "call",
        "answer",
        "reject",
        "dnd on",
        "end",
        "mute",
        "route",
        "pip",
        "door",
        "camera on",
    ],
)
def test_without_a_unit_each_says_how_to_start_one(command: str, tmp_path: Path) -> None:
    done = callbox(*command.split(), "--socket", str(tmp_path / "none.sock"))
    assert done.returncode == 3
    assert "No unit runs here" in done.stderr
    assert "systemctl start callbox" in done.stderr
    assert done.stdout == ""
