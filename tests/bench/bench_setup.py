"""From joining a session to the first picture of who is in it: two units, each in a process of its own.

The same with a STUN server that never answers. The rival is aiortc as it comes, in the same units.
"""

import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device.exchange.server.config import ExchangeConfig
from device.exchange.wire import IceServerItem
from tests.exchange.conftest import PASSWORD, Wall, running

ROUNDS = 3


def run() -> Iterator[dict[str, Any]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        stun = IceServerItem([f"stun:127.0.0.1:{silent.getsockname()[1]}"])
        yield _line("join to first picture", ())
        yield _line("the same, with a STUN server out of reach", (stun,))


def _line(metric: str, servers: tuple[IceServerItem, ...]) -> dict[str, Any]:
    ours, theirs = (
        statistics.median(asyncio.run(_join(engine, servers)) for _ in range(ROUNDS))
        for engine in ("ours", "stock")
    )
    return {
        "metric": f"{metric}, median of {ROUNDS}",
        "unit": "ms",
        "ours": round(ours * 1000),
        "rival": "aiortc as it comes",
        "theirs": round(theirs * 1000),
        "ratio": round(ours / theirs, 2),
        "bar": "<= 600",
    }


async def _join(engine: str, servers: tuple[IceServerItem, ...]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        config = ExchangeConfig(Path(folder), port=0, tls=False, ice_servers=servers)
        async with running(config, Wall(time.time())) as exchange:
            there = _start("unit_process", exchange.url, engine)
            try:
                await _line_of(there)
                joins = _start("join_process", exchange.url, engine)
                seconds = float(await _line_of(joins))
                await asyncio.to_thread(joins.communicate)
            finally:
                await asyncio.to_thread(there.communicate)
    return seconds


def _start(module: str, url: str, engine: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", f"tests.bench.{module}", url, PASSWORD, engine]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def _line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return await asyncio.to_thread(process.stdout.readline)
