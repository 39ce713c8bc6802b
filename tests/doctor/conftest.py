"""A unit whose `callbox doctor` is asked, and what breaks its surroundings."""

import asyncio
import json
import os
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from device.cli.main import main
from device.config import load
from device.control import messages
from device.exchange.server.config import ExchangeConfig
from device.trial.desk import DESK
from tests.control.conftest import Served, serving
from tests.exchange.conftest import PASSWORD, RunningExchange, Wall, running

HARDWARE = {**DESK, "outputs": "simulated", "microphone": "tone:440"}
HEALTHY = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NRestarts": "0",
    "WatchdogUSec": "10s",
}


@dataclass
class Home:
    """A folder with a configuration, a socket, and a systemctl that says what it is told to say."""

    folder: Path
    url: str
    certificate: Path
    capture: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        return self.folder / "callbox.toml"

    @property
    def socket(self) -> Path:
        return self.folder / "control.sock"

    def write(self, password: str = PASSWORD, extra: str = "", **hardware: Any) -> None:
        rows = [f"{key} = {json.dumps(value)}" for key, value in (HARDWARE | hardware).items()]
        self.config.write_text(
            f'[unit]\nsession = "hall"\n[exchange]\nurl = "{self.url}"\nuid = "door"\n'
            f'password = "{password}"\ncertificate = "{self.certificate}"\n'
            "[call]\nidle_timeout_s = 0\n[video]\nwidth = 320\nheight = 180\n"
            f'[media]\necho_canceller = "off"\n{extra}[hardware]\n' + "\n".join(rows)
        )

    def systemd_says(self, **properties: str) -> None:
        lines = "\n".join(f"echo {key}={value}" for key, value in (HEALTHY | properties).items())
        program = self.folder / "bin" / "systemctl"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{lines}\n")
        program.chmod(0o755)

    @property
    def arguments(self) -> list[str]:
        return ["doctor", "--config", str(self.config), "--socket", str(self.socket)]

    async def doctor(self) -> tuple[int, dict[str, dict[str, str]]]:
        """Its exit code, and what it found of each part."""
        code = await asyncio.to_thread(main, [*self.arguments, "--json"])
        told = self.capture.readouterr()
        assert told.err == ""
        return code, {check["part"]: check for check in json.loads(told.out)}

    async def finds(self, part: str, seen: str, remedy: str, verdict: str = "failed") -> None:
        """It finds this part to be wrong, says what to do, and finds no other one to have failed."""
        code, found = await self.doctor()
        assert found[part]["verdict"] == verdict, found
        assert seen in found[part]["seen"]
        assert remedy in found[part]["remedy"]
        failed = [check["part"] for check in found.values() if check["verdict"] == "failed"]
        assert failed == ([part] if verdict == "failed" else [])
        assert code == (1 if verdict == "failed" else 0)

    @asynccontextmanager
    async def unit(self, calls: bool = False) -> AsyncIterator[Served]:
        """The unit, after its call unless it is to be in one."""
        async with serving(load(self.config), self.socket) as served:
            await served.in_call()
            if not calls:
                await served.ask(messages.End)
            yield served


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[RunningExchange]:
    async with running(ExchangeConfig(tmp_path / "exchange", port=0), Wall()) as made:
        yield made


@pytest.fixture
def home(
    exchange: RunningExchange,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Home:
    assert exchange.certificate is not None
    made = Home(tmp_path, exchange.url, exchange.certificate, capsys)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    made.write()
    made.systemd_says()
    return made


def silent(folder: Path) -> str:
    """A microphone that gives only zeros, as one does that is muted or broken."""
    with wave.open(str(folder / "silent.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(bytes(96_000))
    return "silent.wav"
