"""A unit's side of ringing: how soon it rings, is silent again, and is back in its call after a kill.

Simulated sound: what a sound card buffers comes on top."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from device.exchange.client import ExchangeAccount
from device.exchange.server.config import ExchangeConfig
from device.phone.table import Phase
from device.phone.values import Whom
from hal import BLOCK_S, Button
from tests.exchange.conftest import RunningExchange, Wall, running
from tests.media.world import until
from tests.phone.conftest import Station, phone_config, station
from tests.phone.test_restart import says, started

ROUNDS = 10
RESTARTS = 3


def run() -> Iterator[dict[str, Any]]:
    rings, cancels, elsewhere = asyncio.run(_rings())
    yield _line("press to the other unit's ring tone, median", rings, statistics.median, None)
    yield _line("cancel to silence, worst", cancels, max, "<= 200")
    yield _line("answered elsewhere to silence, worst", elsewhere, max, "<= 200")
    back = asyncio.run(_restarts())
    yield _line("killed: start of its process to picture and sound, worst", back, max, "<= 10000")


def _line(metric: str, times_s: list[float], of: Any, bar: str | None) -> dict[str, Any]:
    return {
        "metric": f"{metric} of {len(times_s)}",
        "unit": "ms",
        "ours": round(of(times_s) * 1000),
        "rival": None,
        "theirs": None,
        "ratio": None,
        "bar": bar,
    }


async def _rings() -> tuple[list[float], list[float], list[float]]:
    rings: list[float] = []
    cancels: list[float] = []
    elsewhere: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        config = ExchangeConfig(Path(folder), port=0, tls=False)
        async with running(config, Wall(time.time())) as exchange, _pair(exchange) as (door, ana):
            for _ in range(ROUNDS):
                rings.append(await _ring(door, ana))
                cancels.append(await _until_silent(door, ana))
            await _answer_elsewhere(exchange, door, ana, elsewhere)
    return rings, cancels, elsewhere


async def _ring(door: Station, ana: Station) -> float:
    """Until the tone is heard, from the press."""
    ana.audio.forget_played()
    began_s = time.monotonic()
    door.tap(Button.CALL)
    await until(lambda: ana.heard_hz() > 0)
    return time.monotonic() - began_s


async def _until_silent(door: Station, ana: Station) -> float:
    began_s = time.monotonic()
    door.tap(Button.END_CALL)
    await is_silenced(ana)
    took_s = time.monotonic() - began_s
    await ana.is_silent()
    await door.is_in(Phase.IDLE)
    await door.is_silent()
    return took_s


async def is_silenced(unit: Station) -> None:
    """Of the tone one block is still to come, which fades it out."""
    await until(lambda: not unit.unit.phone.audio.is_playing)
    await asyncio.sleep(BLOCK_S)


async def _answer_elsewhere(
    exchange: RunningExchange, door: Station, ana: Station, times_s: list[float]
) -> None:
    """On another device of Ana's, which then hangs up."""
    account = ExchangeAccount(exchange.address("ana"))
    line = account.new_line("browser", await account.sign_in())
    await line.register()
    try:
        for _ in range(ROUNDS):
            await _ring(door, ana)
            session_id = ana.unit.phone.state.ringing[0].call.session_id
            began_s = time.monotonic()
            await line.accept(session_id)
            await is_silenced(ana)
            times_s.append(time.monotonic() - began_s)
            await ana.is_silent()
            await line.end(session_id)
            await door.is_in(Phase.IDLE)
            await door.is_silent()
            await line.register()  # it does not listen, and would be forgotten
    finally:
        await account.aclose()


@asynccontextmanager
async def _pair(exchange: RunningExchange) -> AsyncIterator[tuple[Station, Station]]:
    door_config = phone_config(exchange.url, "door", ringing={"call": "user:ana"})
    async with (
        station(door_config) as door,
        station(phone_config(exchange.url, "ana")) as ana,
    ):
        yield door, ana


async def _restarts() -> list[float]:
    times_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        config = ExchangeConfig(Path(folder), port=0, tls=False)
        async with running(config, Wall(time.time())) as exchange, _pair(exchange) as (door, _ana):
            for _ in range(RESTARTS):
                times_s.append(await _restart(exchange, door))
    return times_s


async def _restart(exchange: RunningExchange, door: Station) -> float:
    async with started(exchange.url, "ben") as unit:
        await says(unit, "up")
        await door.unit.phone.call(Whom("ben"), audio_only=False)
        await says(unit, "back")
    began_s = time.monotonic()
    async with started(exchange.url, "ben") as unit:
        await says(unit, "back")
        took_s = time.monotonic() - began_s
        door.tap(Button.END_CALL)
        await door.is_in(Phase.IDLE)
    return took_s
