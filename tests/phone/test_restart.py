"""A unit that is killed in the middle of a call, and started again."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from device.phone.table import Phase
from device.phone.values import Whom
from hal import Button
from tests.exchange.conftest import RunningExchange
from tests.phone.conftest import Station

WITHIN_S = 60
"""Patience, not a bar: what it takes is measured by tests/bench/bench_ringing.py."""


@asynccontextmanager
async def started(url: str, uid: str) -> AsyncIterator[Process]:
    """A unit in a process of its own, killed at the end."""
    unit = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.phone.unit_process", url, uid, stdout=PIPE
    )
    try:
        yield unit
    finally:
        unit.kill()
        await unit.wait()


async def says(unit: Process, word: str) -> None:
    assert unit.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        while (line := await unit.stdout.readline()).decode().strip() != word:
            assert line, f"it ended before it said {word}"


@pytest.mark.spec("8.get_active_call")
async def test_killed_in_mid_call_it_is_back_in_it(
    exchange: RunningExchange, door: Station
) -> None:
    async with started(exchange.url, "ana") as unit:
        await says(unit, "up")
        await door.unit.phone.call(Whom("ana"), audio_only=False)
        await says(unit, "back")
        await door.is_linked()
    call = door.unit.phone.state.call
    async with started(exchange.url, "ana") as unit:
        await says(unit, "back")
        assert door.unit.phone.state.call == call
        assert door.phase is Phase.IN_CALL
        door.tap(Button.END_CALL)
        await door.is_in(Phase.IDLE)
