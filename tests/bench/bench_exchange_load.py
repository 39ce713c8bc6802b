"""One exchange on one core, with 2,000 units connected, and 50 of them pressing their button every
second; the units are on the other core. Over TLS as in production, and over plain HTTP to compare.

CALLBOX_UNITS, CALLBOX_RINGS_PER_S and CALLBOX_RING_FOR_S make it smaller.
"""

import asyncio
import gc
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.exchange_process import ExchangeProcess, add_units
from tests.bench.lean_units import Unit
from tests.bench.process import cpu_s, memory
from tests.bench.ringing_load import Ledger, Load

UNITS = int(os.environ.get("CALLBOX_UNITS", "2000"))
RINGS_PER_S = float(os.environ.get("CALLBOX_RINGS_PER_S", "50"))
FOR_S = float(os.environ.get("CALLBOX_RING_FOR_S", "30"))
CONNECTING_AT_ONCE = 50
SETTLE_S = 12.0
"""Two keepalives to every unit."""
IDLE_S = 10.0


@dataclass(frozen=True)
class Result:
    """Times in ms, CPU in seconds a second of the exchange's core."""

    bytes_per_unit: float
    connected_s: float
    press_to_ring_ms: list[float]
    lost: int
    twice: int
    cpu_idle: float
    cpu_ringing: float


def run() -> Iterator[dict[str, Any]]:
    cores = sorted(os.sched_getaffinity(0))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        tls, plain = (asyncio.run(_measure(each, cores[:1])) for each in (True, False))
    finally:
        os.sched_setaffinity(0, cores)
    yield _line("memory of a connected unit", "KiB", tls.bytes_per_unit / 1024, None) | {
        "plain_http": round(plain.bytes_per_unit / 1024, 1),
        "connected_within_s": round(tls.connected_s, 1),
        "cpu_idle": round(tls.cpu_idle, 3),
        "cpu_idle_plain_http": round(plain.cpu_idle, 3),
    }
    for percent, bar in ((50, None), (95, None), (99, "<= 150")):
        ours = _percentile(tls.press_to_ring_ms, percent)
        yield _line(f"press to ring, p{percent}", "ms", ours, bar) | {
            "plain_http": round(_percentile(plain.press_to_ring_ms, percent), 1),
            "cpu_ringing": round(tls.cpu_ringing, 3),
            "cpu_ringing_plain_http": round(plain.cpu_ringing, 3),
        }
    yield _line("rings or news lost, or told twice", "", tls.lost + tls.twice, "<= 0") | {
        "rings": len(tls.press_to_ring_ms) + tls.lost,
        "lost": tls.lost,
        "twice": tls.twice,
    }


async def _measure(tls: bool, cores: list[int]) -> Result:
    ledger = Ledger()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        logins = await add_units(folder, UNITS)
        exchange = stack.enter_context(ExchangeProcess(folder, tls, cores))
        units = [Unit(exchange.where, each.uid, each.token, ledger.hear) for each in logins]
        before, begun_s = memory(exchange.proc).resident_bytes, time.monotonic()
        listening = await _connect(units)
        connected_s = time.monotonic() - begun_s
        await asyncio.sleep(SETTLE_S)
        after = memory(exchange.proc).resident_bytes
        gc.collect()
        gc.freeze()  # a pause of the load's own would be counted as the exchange's
        cpu_idle = await _cpu(exchange, asyncio.sleep(IDLE_S))
        cpu_ringing = await _cpu(exchange, Load(units, ledger).ring(RINGS_PER_S, FOR_S))
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    rung = [each for each in ledger.rings if each.rang_s is not None]
    latencies = [(each.rang_s - each.pressed_s) * 1000 for each in rung if each.rang_s is not None]
    lost = sum(each.trouble is not None for each in ledger.rings)
    return Result(
        (after - before) / UNITS, connected_s, latencies, lost, ledger.twice, cpu_idle, cpu_ringing
    )


async def _connect(units: list[Unit]) -> list[asyncio.Task[None]]:
    """All of them, some at a time; their tasks, which listen."""
    slots = asyncio.Semaphore(CONNECTING_AT_ONCE)
    listening = []

    async def connect(unit: Unit) -> None:
        async with slots:
            listening.append(asyncio.create_task(unit.listen()))
            await unit.is_up.wait()

    await asyncio.gather(*(connect(each) for each in units))
    return listening


async def _cpu(exchange: ExchangeProcess, meanwhile: Any) -> float:
    """CPU seconds a second of the exchange."""
    before, begun_s = cpu_s(exchange.proc), time.monotonic()
    await meanwhile
    return (cpu_s(exchange.proc) - before) / (time.monotonic() - begun_s)


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _line(metric: str, unit: str, ours: float, bar: str | None) -> dict[str, Any]:
    return {
        "metric": f"{metric}; {UNITS} units, {RINGS_PER_S:g} rings a second for {FOR_S:g} s",
        "unit": unit,
        "ours": round(ours, 1),
        "rival": "none: no other exchange for intercoms can be run here",
        "theirs": None,
        "ratio": None,
        "bar": bar,
    }
