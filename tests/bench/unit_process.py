"""A unit in a process of its own, which says what it costs whenever it is asked (a line on its input).

python -m tests.bench.unit_process URL PASSWORD ours|stock
"""

import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any

from device.app import open_unit
from device.config import Config, parse
from device.trial.desk import DESK
from tests.bench.process import cpu_s, memory, thread_cpu_s


def _config(url: str, password: str) -> Config:
    return parse(
        {
            "unit": {"session": "hall"},
            "exchange": {"url": url, "uid": "door", "password": password},
            "call": {"idle_timeout_s": 0},
            "hardware": {**DESK, "microphone": "tone:440"},
        }
    )


def _cost() -> dict[str, Any]:
    encoder = [thread for thread in threading.enumerate() if thread.name == "camera"]
    ids = [thread.native_id for thread in encoder if thread.native_id is not None]
    me = Path("/proc/self")
    used = memory(me)
    return {
        "cpu_s": cpu_s(me),
        "encoder_cpu_s": sum(thread_cpu_s(me, thread) for thread in ids),
        "resident_bytes": used.resident_bytes,
        "proportional_bytes": used.proportional_bytes,
    }


async def main(url: str, password: str, engine: str) -> None:
    loop = asyncio.get_running_loop()
    async with open_unit(_config(url, password), loopback_only=True) as unit:
        if engine == "stock":
            from tests.bench.stock_media import StockMedia, use_loopback

            use_loopback()
            unit.calls = type(unit.calls)(
                lambda: StockMedia(unit.hardware.audio), unit.account.new_call
            )
            async with unit.calls:
                await _answer(unit, loop)
        else:
            await _answer(unit, loop)


async def _answer(unit: Any, loop: asyncio.AbstractEventLoop) -> None:
    await unit.join("hall")
    print(json.dumps({"joined": True}), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(_cost()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
