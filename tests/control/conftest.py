"""A unit in its session with its control socket, as `callbox run` has it; and another one to meet."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from device.app import open_unit
from device.config import Config, parse
from device.control.client import ControlClient
from device.exchange.server.config import ExchangeConfig
from device.session.snapshot import Link
from device.trial.desk import DESK
from device.unit import Unit
from device.unit_port import served
from tests.exchange.conftest import PASSWORD, RunningExchange, Wall, running
from tests.media.world import until

CALLBOX = [sys.executable, "-m", "device.cli.main"]


def config_for(url: str, uid: str, **tables: Any) -> Config:
    hardware = {
        **DESK,
        "outputs": "simulated",
        "microphone": "tone:440",
        **tables.pop("hardware", {}),
    }
    return parse(
        {
            "unit": {"session": "hall"},
            "exchange": {"url": url, "uid": uid, "password": PASSWORD},
            "call": {"idle_timeout_s": 0},
            "hardware": hardware,
            "video": {"width": 320, "height": 180, "frame_rate_hz": 15, "bitrate_bps": 300_000},
            "media": {"echo_canceller": "off"},
            **tables,
        }
    )


@dataclass
class Served:
    """A unit that `callbox` commands find at ``socket``."""

    unit: Unit
    socket: Path
    told: list[str]

    def client(self) -> ControlClient:
        return ControlClient(self.socket)

    async def ask(self, kind: Any, **fields: Any) -> Any:
        """One request over a connection of its own."""

        def do() -> Any:
            with self.client() as client:
                return client.ask(kind, **fields)

        return await asyncio.to_thread(do)

    async def callbox(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, in a process of its own, without a terminal."""
        return await asyncio.to_thread(
            subprocess.run,
            [*CALLBOX, *arguments, "--socket", str(self.socket)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    async def in_call(self) -> None:
        await until(lambda: self.unit.calls.active is not None)
        await until(lambda: self.unit.hardware.camera.is_open)

    async def linked(self) -> None:
        """Until somebody else is there."""
        await self.in_call()

        def is_linked() -> bool:
            call = self.unit.calls.active
            return call is not None and any(peer.link is Link.UP for peer in call.snapshot.peers)

        await until(is_linked)


@asynccontextmanager
async def serving(config: Config, socket: Path) -> AsyncIterator[Served]:
    told: list[str] = []
    async with (
        open_unit(config, loopback_only=True, tell=told.append) as unit,
        served(unit, socket),
    ):
        staying = asyncio.create_task(unit.stay())
        try:
            yield Served(unit, socket, told)
        finally:
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[RunningExchange]:
    async with running(ExchangeConfig(tmp_path, port=0, tls=False), Wall()) as made:
        yield made


@pytest.fixture
async def door(exchange: RunningExchange, tmp_path: Path) -> AsyncIterator[Served]:
    """In the session ``hall``."""
    async with serving(config_for(exchange.url, "door"), tmp_path / "door.sock") as made:
        await made.in_call()
        yield made


@pytest.fixture
async def ana(exchange: RunningExchange, door: Served, tmp_path: Path) -> AsyncIterator[Served]:
    """Another unit in that session, linked to the first."""
    async with serving(config_for(exchange.url, "ana"), tmp_path / "ana.sock") as made:
        await made.linked()
        await door.linked()
        yield made
