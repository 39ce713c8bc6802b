"""The exchange killed with SIGKILL at random points while units ring: what it has answered stays true.

CALLBOX_KILLS=50 CALLBOX_UNITS=2000 CALLBOX_RINGS_PER_S=50 python -m pytest
tests/exchange/test_durability.py: so many times, under the load of tests/bench/bench_exchange_load.py.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bench.exchange_process import ExchangeProcess, Login, add_units
from tests.bench.lean_units import Talk, Unit
from tests.bench.ringing_load import Ledger, Load, Ring

KILLS = int(os.environ.get("CALLBOX_KILLS", "3"))
UNITS = int(os.environ.get("CALLBOX_UNITS", "30"))
RINGS_PER_S = float(os.environ.get("CALLBOX_RINGS_PER_S", "15"))
STAYS_UP_S = 0.2, 1.5
REST_S = 8.0
"""Calls that nobody ends are over by then, by their deadlines."""
PATIENCE_S = 60.0

BECOMES = {
    "initiated": {"cancelled", "unanswered", "ended"},
    "ongoing": {"ended"},
    "cancelled": {"cancelled"},
    "ended": {"ended"},
}
"""By the last status that a party was answered: what the call may be at last. Of an accept or a cancel
the answer may have been lost."""


@asynccontextmanager
async def listening(units: list[Unit]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(unit.listen()) for unit in units]
    try:
        await all_up(units)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_up(units: list[Unit]) -> None:
    """Until all have come back by themselves."""
    async with asyncio.timeout(PATIENCE_S):
        for unit in units:
            await unit.is_up.wait()


async def kill_and_start(exchange: ExchangeProcess, times: int) -> None:
    """At random points of its work, and at once again."""
    chance = random.Random(7)
    for _ in range(times):
        await asyncio.sleep(chance.uniform(*STAYS_UP_S))
        exchange.kill()
        await asyncio.to_thread(exchange.start)


async def log_of(unit: Unit) -> list[dict[str, Any]]:
    talk, found, cursor = unit.talk(), [], ""
    try:
        while True:
            status, page = await talk.ask("GET", f"/calls?limit=100{cursor}")
            assert status == 200, page
            found += page["calls"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"
    finally:
        talk.close()


async def nothing_live(units: list[Unit]) -> None:
    """Until no call is, by their deadlines alone."""
    async with asyncio.timeout(PATIENCE_S):
        for unit in units:
            while await _active(unit.talk()):  # noqa: ASYNC110
                await asyncio.sleep(0.2)


async def _active(talk: Talk) -> bool:
    try:
        status, active = await talk.ask("GET", "/calls/active")
        assert status == 200, active
        return active["call"] is not None
    finally:
        talk.close()


async def test_what_was_answered_survives_sigkill(tmp_path: Path) -> None:
    logins: list[Login] = await add_units(tmp_path, UNITS)
    ledger = Ledger()
    with ExchangeProcess(tmp_path, tls=False, is_hasty=True) as exchange:
        units = [Unit(exchange.where, each.uid, each.token, ledger.hear) for each in logins]
        load = Load(units, ledger, rest_s=REST_S)
        async with listening(units):
            killing = asyncio.create_task(kill_and_start(exchange, KILLS))
            while not killing.done():
                await load.ring(RINGS_PER_S, 2.0)
            await killing
            await all_up(units)
            await nothing_live(units)
            await load.ring(RINGS_PER_S, 1.0)
            await nothing_live(units)
        logs = {unit.uid: await log_of(unit) for unit in units}
    last = ledger.rings[-round(RINGS_PER_S) :]
    stale = [each for each in last if "caller_busy" in (each.trouble or "")]
    assert not stale, "a call that is over keeps somebody from the next"
    assert any(each.last == "ended" for each in last)
    assert ledger.twice == 0
    check(ledger.rings, logs)


def check(rings: list[Ring], logs: dict[str, list[dict[str, Any]]]) -> None:
    """Each call that a party was answered of is in both parties' logs, once, and as it was answered."""
    found = {
        uid: {item["call"]["session_id"]: item["call"] for item in items}
        for uid, items in logs.items()
    }
    for uid, items in logs.items():
        often = Counter(item["call"]["session_id"] for item in items)
        assert set(often.values()) <= {1}, uid
    for ring in rings:
        if ring.call is None:
            continue
        for uid in (ring.caller, ring.receiver):
            assert ring.call in found[uid], f"lost: {ring}"
            call = found[uid][ring.call]
            assert call["status"] in BECOMES[ring.last], (ring, call)
            assert call["ended_at"] is not None, (ring, call)
    known = {ring.call for ring in rings}
    unknown = {call for calls in found.values() for call in calls} - known
    unanswered = sum(ring.call is None for ring in rings)
    assert len(unknown) <= unanswered, "calls that nobody has made"
