"""Headsets from the command line: a real terminal, real D-Bus messages, a BlueZ that is ours."""

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from dbus_fast.errors import DBusError

from tests.cli.terminal import callbox, terminal
from tests.hal.fake_bluez import A2DP, HFP, KEYBOARD, FakeBluez, path_of, private_bus
from tests.media.world import until

VOYAGER, BOOMBOX, DESK = "AA:BB:CC:DD:EE:01", "AA:BB:CC:DD:EE:02", "AA:BB:CC:DD:EE:03"


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The system's, for those that are started here."""
    with private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest.fixture
async def bluez(bus: str) -> AsyncIterator[FakeBluez]:
    bluez = FakeBluez(bus)
    await bluez.start()
    yield bluez
    bluez.stop()


async def test_a_headset_is_chosen_from_a_list_that_grows(bluez: FakeBluez) -> None:
    loop = asyncio.get_running_loop()
    bluez.on_discovery = lambda: bluez.add(DESK, "Desk", KEYBOARD) and None

    def person() -> str:
        with terminal("audio", "pair") as shown:
            shown.until("pairing mode")
            loop.call_soon_threadsafe(bluez.add, BOOMBOX, "Boom\x1b[2Jbox", A2DP)
            shown.until(f"1  {BOOMBOX}  Boom\\?\\[2Jbox  \\(not paired\\)  A2DP")
            loop.call_soon_threadsafe(bluez.add, VOYAGER, VOYAGER.replace(":", "-"), HFP)
            shown.until(f"2  {VOYAGER}  AA-BB")
            loop.call_soon_threadsafe(bluez.devices[path_of(VOYAGER)].rename, "Voyager")
            shown.until(f"2  {VOYAGER}  Voyager")
            shown.press("3\n")
            shown.until("no number of the list")
            shown.press("2\n")
            shown.until("Voyager is paired and connected")
            assert shown.process.wait(10) == 0
            return shown.rest()

    assert "microphone" not in await asyncio.to_thread(person)
    paired = bluez.devices[path_of(VOYAGER)]
    assert (paired.is_paired, paired.is_trusted, paired.is_connected) == (True, True, True)
    assert not bluez.devices[path_of(BOOMBOX)].is_paired
    assert not bluez.adapter.is_discovering


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
async def test_who_gives_up_leaves_no_scan_behind(bluez: FakeBluez, key: str) -> None:
    def person() -> int:
        with terminal("audio", "pair") as shown:
            shown.until("pairing mode")
            if key == "\x03":  # the terminal is not the controlling one, so that it makes no signal
                shown.process.send_signal(signal.SIGINT)
            else:
                shown.press(key)
            code = shown.process.wait(10)
            assert "Traceback" not in shown.rest()
            return code

    bluez.on_discovery = lambda: bluez.add(BOOMBOX, "Boombox", A2DP) and None
    assert await asyncio.to_thread(person) == 130
    await until(lambda: not bluez.adapter.is_discovering)


async def test_without_a_terminal_the_address_is_given(bluez: FakeBluez) -> None:
    chosen = await run("audio", "pair")
    assert (chosen.returncode, "--scan" in chosen.stderr) == (2, True)
    bluez.on_discovery = lambda: bluez.add(BOOMBOX, "Boombox", A2DP) and None
    done = await run("audio", "pair", BOOMBOX.lower())
    assert done.returncode == 0, done.stderr
    assert "no microphone" in done.stdout
    again = await run("audio", "pair", BOOMBOX, "--json")
    assert json.loads(again.stdout) == {
        "address": BOOMBOX,
        "name": "Boombox",
        "is_paired": True,
        "is_trusted": True,
        "is_connected": True,
        "profiles": ["A2DP"],
    }


async def test_headsets_are_listed_and_forgotten(bluez: FakeBluez) -> None:
    assert "audio pair" in (await run("audio", "headsets")).stdout
    bluez.on_discovery = lambda: bluez.add(VOYAGER, "Voyager", HFP, A2DP) and None
    found = await run("audio", "headsets", "--scan", "0.5", "--json")
    assert [each["name"] for each in json.loads(found.stdout)] == ["Voyager"]
    assert json.loads((await run("audio", "headsets", "--json")).stdout) == []
    assert (await run("audio", "pair", VOYAGER)).returncode == 0
    listed = (await run("audio", "headsets")).stdout
    assert re.fullmatch(rf"{VOYAGER}  Voyager  \(connected, paired\)  A2DP HFP\n", listed)
    assert (await run("audio", "forget", VOYAGER)).stdout == f"{VOYAGER} is forgotten.\n"
    assert bluez.devices == {}
    again = await run("audio", "forget", VOYAGER)
    assert (again.returncode, "audio pair" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("error", "words", "remedy"),
    [
        ("org.bluez.Error.AuthenticationFailed", "Authentication Failed", "pairing mode again"),
        ("org.bluez.Error.AuthenticationRejected", "Rejected", "refused to pair"),
        ("org.bluez.Error.ConnectionAttemptFailed", "Page Timeout", "Is it on"),
        ("org.bluez.Error.Failed", "br-connection-profile-unavailable", "start bluealsa"),
    ],
)
async def test_a_pairing_that_fails_says_what_to_do(
    bluez: FakeBluez, error: str, words: str, remedy: str
) -> None:
    bluez.add(VOYAGER, "Voyager", HFP).refuses = DBusError(error, words)
    await fails(remedy)


async def test_a_headset_that_is_not_in_pairing_mode(bluez: FakeBluez) -> None:
    await fails("in pairing mode", "--within", "0.5")
    assert not bluez.adapter.is_discovering


async def test_no_adapter(bus: str) -> None:
    bluez = FakeBluez(bus)
    await bluez.start(with_adapter=False)
    await fails("disable-bt")
    bluez.stop()


@pytest.mark.usefixtures("bus")
async def test_bluez_that_does_not_run() -> None:
    await fails("systemctl enable --now bluetooth")


async def test_no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    await fails("systemctl status dbus")


async def test_a_user_who_may_not_speak_to_bluez(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_bus(tmp_path, denied="org.bluez") as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        bluez = FakeBluez(address)
        await bluez.start()
        await fails("adduser $USER bluetooth")
        bluez.stop()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pair", "Voyager"], "AA:BB:CC:DD:EE:FF"),
        (["forget"], "ADDRESS"),
        (["headsets", "--scan", "0"], "0.2 to 600 seconds"),
        (["headsets", "--scan", "soon"], "0.2 to 600 seconds"),
    ],
)
def test_a_mistake_is_told(arguments: list[str], words: str) -> None:
    done = callbox("audio", *arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


async def fails(remedy: str, *arguments: str) -> None:
    """To pair, with one line that says what to do."""
    done = await run("audio", "pair", VOYAGER, *arguments)
    assert done.returncode == 1
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(callbox, *arguments)
