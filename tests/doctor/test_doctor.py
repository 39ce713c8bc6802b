"""`callbox doctor` on a unit with each part broken in turn: it names the part and the remedy, and its
exit code tells."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from device.config import load
from device.control import client, messages
from device.control.server import MOST_CONNECTIONS
from device.doctor import system
from device.doctor.exchange import _expiry
from device.exchange.server.config import ExchangeConfig
from hal import AudioFault, CameraFault, Facing, Throttling
from hal.audio.simulated import SimulatedAudioRouter
from hal.board import SimulatedBoard
from hal.camera.simulated import SimulatedCamera
from tests.cli.terminal import terminal
from tests.control.conftest import serving
from tests.doctor.conftest import Home, silent
from tests.exchange.conftest import RunningExchange, Wall, running


async def test_a_healthy_unit_is_well(home: Home) -> None:
    async with home.unit(calls=True):
        code, found = await home.doctor()
    verdicts = {part: check["verdict"] for part, check in found.items()}
    verdicts.pop("clock")  # this machine's own affair
    assert verdicts.pop("storage") == "skipped", "an SD card does not say"
    assert code == 0
    assert set(verdicts.values()) == {"ok"}, found
    assert {
        "configuration",
        "camera",
        "sound",
        "buttons",
        "outputs",
        "temperature",
        "power",
    } <= set(found)
    assert {"throttling", "memory", "disk", "network", "exchange", "certificate"} <= set(found)
    assert {"account", "call", "service", "watchdog", "versions"} <= set(found)


async def test_on_a_terminal_it_speaks_in_colour_and_with_remedies(home: Home) -> None:
    home.write(microphone=silent(home.folder))

    def look() -> str:
        with terminal(*home.arguments) as shown:
            text = shown.rest()
            assert shown.process.wait(10) == 1
            return text

    async with home.unit():
        text = await asyncio.to_thread(look)
    assert "\x1b[31mFAIL\x1b[0m  microphone speaker" in text
    assert "-> " in text
    assert "alsamixer" in text


async def test_configuration_that_is_wrong(home: Home) -> None:
    home.config.write_text("[unit]\nsesion = 'hall'\n")
    code, found = await home.doctor()
    assert code == 1
    assert "unit.sesion" in found["configuration"]["seen"]
    assert "callbox config check" in found["configuration"]["remedy"]
    assert found["hardware"]["verdict"] == "skipped"


async def test_configuration_that_lacks_something(home: Home) -> None:
    home.write(password="")
    code, found = await home.doctor()
    assert code == 1
    assert "password under [exchange]" in found["configuration"]["seen"]
    assert "add-unit" in found["configuration"]["remedy"]
    assert found["account"]["verdict"] == "skipped", "there is nothing to try it with"


async def test_no_camera(home: Home) -> None:
    home.write(facings=[])
    async with serving(load(home.config), home.socket) as served:
        await served.ask(messages.Join)
        await served.ask(messages.End)
        await home.finds("camera", "none is there", "ribbon cable")


async def test_a_camera_that_is_held(home: Home) -> None:
    async with home.unit() as served:
        camera = served.unit.hardware.camera
        assert isinstance(camera, SimulatedCamera)
        camera.sensors.fail_next_open(CameraFault.BUSY)
        await home.finds("camera front", "", "fuser")


async def test_a_camera_that_gives_no_pictures(home: Home) -> None:
    async with home.unit() as served:
        camera = served.unit.hardware.camera
        assert isinstance(camera, SimulatedCamera)
        camera.sensors.go_silent(Facing.REAR)
        await home.finds("camera rear", "", "cable")


async def test_a_sound_card_that_is_held(home: Home) -> None:
    async with home.unit() as served:
        audio = served.unit.hardware.audio
        assert isinstance(audio, SimulatedAudioRouter)
        audio.fail_next_open(AudioFault.BUSY)
        await home.finds("sound earpiece", "failed to open", "fuser -v /dev/snd")


async def test_a_microphone_that_hears_nothing(home: Home) -> None:
    home.write(microphone=silent(home.folder))
    async with home.unit():
        code, found = await home.doctor()
    failed = {part for part, check in found.items() if check["verdict"] == "failed"}
    assert (code, failed) == (1, {"microphone earpiece", "microphone speaker"})
    assert "alsamixer" in found["microphone speaker"]["remedy"]


@pytest.mark.parametrize("part", ["buttons", "outputs"])
async def test_lines_that_cannot_be_had_where_no_unit_runs(home: Home, part: str) -> None:
    home.write(extra="[hardware.pins]\ndoor = 26\n", **{part: "gpio"})
    code, found = await home.doctor()
    assert code == 1
    assert found[part]["verdict"] == "failed"
    assert "group gpio" in found[part]["remedy"]
    assert "lgpio" in found[part]["remedy"], "not the pins are wrong here"
    assert found["camera front"]["verdict"] == "ok", "the rest was looked at all the same"


@pytest.mark.parametrize(
    ("part", "reading", "seen", "remedy", "verdict"),
    [
        ("temperature", {"temperature_c": 84.0}, "84 °C", "heat sink", "failed"),
        ("temperature", {"temperature_c": 74.0}, "74 °C", "heat sink", "warning"),
        ("power", {"throttling": Throttling(0x1)}, "under-voltage now", "supply", "failed"),
        (
            "power",
            {"throttling": Throttling(0x10000)},
            "since callbox was started",
            "supply",
            "warning",
        ),
        ("throttling", {"throttling": Throttling(0x4)}, "slowed down now", "heat sink", "failed"),
        ("throttling", {"throttling": Throttling(0x80000)}, "since", "heat sink", "warning"),
        ("storage", {"storage_wear_percent": 110}, "110 %", "new storage", "failed"),
        ("storage", {"storage_wear_percent": 90}, "90 %", "new storage", "warning"),
        ("memory", {"memory_available_bytes": 20 << 20}, "20 MiB", "512 MiB", "failed"),
        ("memory", {"cma_free_bytes": 7 << 20}, "7 MiB free for camera and codec", "", "ok"),
        ("memory", {"memory_available_bytes": 100 << 20}, "100 MiB", "512 MiB", "warning"),
    ],
)
async def test_a_board_that_suffers(
    home: Home, part: str, reading: dict[str, Any], seen: str, remedy: str, verdict: str
) -> None:
    async with home.unit(calls=True) as served:
        board = served.unit.hardware.board
        assert isinstance(board, SimulatedBoard)
        board.status = replace(board.status, **reading)
        await home.finds(part, seen, remedy, verdict)


async def test_an_exchange_that_is_away(home: Home, exchange: RunningExchange) -> None:
    async with home.unit():
        await exchange.stop()
        await home.finds("exchange", "Connection refused", "callbox-exchange")


async def test_a_network_that_does_not_lead_there(home: Home) -> None:
    async with home.unit():
        home.url = "https://nowhere.invalid:8443"
        home.write()
        code, found = await home.doctor()
    failed = {part for part, check in found.items() if check["verdict"] == "failed"}
    assert (code, failed) == (1, {"network", "exchange"})
    assert "Wi-Fi" in found["network"]["remedy"]
    assert "[exchange]" in found["exchange"]["remedy"]


async def test_another_certificate_than_the_pinned_one(home: Home, tmp_path: Path) -> None:
    async with home.unit(), running(ExchangeConfig(tmp_path / "other", port=0), Wall()) as other:
        assert other.certificate is not None
        home.certificate = other.certificate
        home.write()
        await home.finds("certificate", "refused: ", "exchange.pem")


@pytest.mark.parametrize(("days", "verdict"), [(100, "ok"), (5, "warning")])
def test_a_certificate_that_runs_out(days: int, verdict: str) -> None:
    check = _expiry(days * 86_400, is_pinned=True)
    assert (check.verdict.value, f"{days} days" in check.seen) == (verdict, True)
    assert verdict == "ok" or "exchange.pem" in check.remedy


async def test_a_certificate_file_that_is_gone(home: Home, tmp_path: Path) -> None:
    async with home.unit():
        home.certificate = tmp_path / "none.pem"
        home.write()
        await home.finds("exchange", "none.pem", "add-unit")


async def test_an_account_that_is_refused(home: Home) -> None:
    async with home.unit():
        home.write(password="not the password")
        await home.finds("account", "door", "add-unit door --replace")


@pytest.mark.parametrize(
    ("properties", "part", "seen", "remedy", "verdict"),
    [
        ({"ActiveState": "failed"}, "service", "failed", "systemctl start", "failed"),
        ({"UnitFileState": "disabled"}, "service", "disabled", "systemctl enable", "warning"),
        ({"WatchdogUSec": "0"}, "watchdog", "off", "WatchdogSec", "warning"),
    ],
)
async def test_a_service_that_is_not_as_it_should_be(
    home: Home, properties: dict[str, str], part: str, seen: str, remedy: str, verdict: str
) -> None:
    home.systemd_says(**properties)
    async with home.unit(calls=True):
        await home.finds(part, seen, remedy, verdict)


async def test_no_unit_that_runs(home: Home) -> None:
    await home.finds("service", "nobody answers", "systemctl restart")
    home.systemd_says(LoadState="not-found")
    await home.finds("service", "no unit runs", "callbox run")


async def test_a_call_that_is_not_on(home: Home) -> None:
    async with home.unit():
        await home.finds("call", "none is on", "callbox join", "warning")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, verdict in ((50 << 20, "failed"), (200 << 20, "warning"), (900 << 20, "ok")):
        usage = shutil._ntuple_diskusage(1 << 34, 0, free)  # type: ignore[attr-defined]
        monkeypatch.setattr(shutil, "disk_usage", lambda folder, found=usage: found)
        check = system.check_disk(tmp_path / "not" / "there")
        assert check.verdict.value == verdict
        assert verdict == "ok" or "journalctl --vacuum-size" in check.remedy


@pytest.mark.parametrize(("state", "verdict"), [(0, "ok"), (5, "warning"), (None, "skipped")])
def test_the_clock(state: int | None, verdict: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_clock_state", lambda: state)
    check = system.check_clock()
    assert check.verdict.value == verdict
    assert verdict != "warning" or "timedatectl" in check.remedy


def test_this_machine_says_whether_its_clock_is_set() -> None:
    assert system._clock_state() in range(6)


def test_an_older_unit_that_still_runs() -> None:
    check = system.check_versions("0.0.1")
    assert (check.verdict.value, "systemctl restart" in check.remedy) == ("warning", True)


@asynccontextmanager
async def false_unit(path: Path, *answers: object) -> AsyncIterator[None]:
    """Gives each request, on whatever connection, the next of these answers; then it hangs up."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left and (line := await reader.readline()):
            number = messages.parse_request(line).id
            writer.write(messages.line_of(messages.Answer(number, messages.raw(left.pop(0)))))
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield


async def test_a_unit_that_is_silent_is_not_taken_for_none(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STATUS_WITHIN_S", 0.2)
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(home.socket))
        stopped.listen()
        code, found = await home.doctor()
    assert code == 1
    assert "did not answer" in found["unit"]["seen"]
    assert "systemctl restart" in found["unit"]["remedy"]
    assert "nobody answers" in found["service"]["seen"]
    assert found["hardware"]["verdict"] == "skipped"
    assert not any(part.startswith("camera") for part in found), "the unit may hold it"


async def test_a_unit_that_takes_nobody_more(home: Home) -> None:
    async with home.unit() as served:
        clients = [served.client() for _ in range(MOST_CONNECTIONS)]
        for one in clients:
            await asyncio.to_thread(one.ask, messages.Status)
        try:
            await home.finds("unit", "32 connections", "systemctl restart")
        finally:
            for one in clients:
                one.__exit__(None, None, None)


async def test_a_unit_of_another_version(home: Home) -> None:
    async with false_unit(home.socket, {"version": "9"}):
        await home.finds("unit", "another version", "systemctl restart")


async def test_a_unit_that_ends_while_it_is_asked(home: Home) -> None:
    async with home.unit() as served:
        status = await served.ask(messages.Status)
    async with false_unit(home.socket):
        code, found = await home.doctor()
    assert (code, "has ended" in found["unit"]["seen"]) == (1, True)
    async with false_unit(home.socket, status):
        await home.finds("hardware", "has ended", "journalctl")
