"""`callbox top`: live on a real terminal, once in a pipe, as JSON."""

import asyncio
import json
import signal
from io import StringIO

from msgspec.structs import replace
from rich.console import Console

from device.cli.top import screen
from device.control import messages
from device.control.readings import UnitReading
from tests.cli.terminal import terminal
from tests.control.conftest import Served


async def test_top_is_live_on_a_terminal_until_interrupted(door: Served, ana: Served) -> None:
    def watch() -> None:
        arguments = ["top", "--interval", "0.3", "--socket", str(door.socket)]
        with terminal(*arguments) as shown:
            shown.until(r"callbox top +.*in the session: hall")
            shown.until(r"sound card: \d+ underruns, \d+ overruns, \d+ blocks dropped")
            shown.until(r"Ana +.*video to +\S*\d+ kbit/s")
            shown.until(r"voice from +\S*\d+ kbit/s +[\d.]+% +\d+ ms")
            for stage in ("encode", "queue", "send", "buffer"):
                shown.until(stage + r" +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms")
            shown.until(r"CPU \d+% of a core +\d+ MiB +45 °C")  # drawn again, with a rate
            shown.process.send_signal(signal.SIGINT)
            assert shown.process.wait(10) == 0

    await asyncio.to_thread(watch)


async def test_in_a_pipe_it_looks_once_without_colour(door: Served, ana: Served) -> None:
    shown = await door.callbox("top", "--interval", "0.3")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "\x1b" not in shown.stdout
    assert "video to" in shown.stdout


async def test_as_json_it_has_what_the_screen_shows(door: Served, ana: Served) -> None:
    told = json.loads((await door.callbox("top", "--once", "--json")).stdout)
    (peer,) = told["media"]["peers"]
    assert peer["uid"] == "ana"
    assert {"round_trip_s", "loss_fraction", "voice_samples_concealed"} <= set(peer)
    assert {"bps", "jitter_s", "loss_fraction"} <= set(peer["voice"])
    assert set(told["media"]["sound"]) == {"underruns", "overruns", "dropped_blocks"}
    assert {"encode", "send"} <= {stage["stage"] for stage in told["media"]["stages"]}


async def test_without_a_call_it_says_so(door: Served) -> None:
    await door.callbox("end")
    shown = await door.callbox("top", "--interval", "0.3")
    assert "no call" in shown.stdout


def drawn(reading: UnitReading, name: str, width: int) -> str:
    """The screen of a unit whose peers have this name."""
    assert reading.call is not None
    peers = tuple(replace(peer, name=name) for peer in reading.call.peers)
    now = replace(reading, call=replace(reading.call, peers=peers))
    console = Console(file=StringIO(), width=width, no_color=True)
    console.print(screen(reading, now))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


async def test_a_name_is_no_markup(door: Served, ana: Served) -> None:
    reading = await door.ask(messages.Status)
    assert "Evil [/b] [red]x" in drawn(reading, "Evil [/b] [red]x", 120)


async def test_a_long_name_gives_way_and_nothing_else(door: Served, ana: Served) -> None:
    reading = await door.ask(messages.Status)
    name = "Hausmeisterei Vorderhaus, 3. Stock x"

    def numbers(width: int) -> list[list[str]]:
        lines = drawn(reading, name, width).splitlines()
        return [line.partition("video to")[2].split() for line in lines if "video to" in line]

    assert name in drawn(reading, name, 200)
    assert "Haus" in drawn(reading, name, 80)
    assert numbers(80) == numbers(200)
    assert drawn(reading, name, 80).count("…") == len(numbers(80))
