"""A unit that joins, and says how long it took to show the first picture of the one who is there.

python -m tests.bench.join_process URL PASSWORD ours|stock
"""

import asyncio
import sys
import time

from device.app import open_unit
from device.config import parse
from device.trial.desk import DESK
from device.unit import Unit
from tests.bench.stock_media import StockMedia, use_loopback

WITHIN_S = 30
OTHER = "door"


async def main(url: str, password: str, engine: str) -> None:
    config = parse(
        {
            "exchange": {"url": url, "uid": "ana", "password": password},
            "hardware": DESK,
        }
    )
    async with open_unit(config, loopback_only=True) as unit, asyncio.timeout(WITHIN_S):
        seconds = await (_stock(unit) if engine == "stock" else _ours(unit))
        print(seconds, flush=True)


async def _ours(unit: Unit) -> float:
    await unit.account.sign_in()
    start_s = time.monotonic()
    await unit.join("hall")
    while unit.media is None or unit.media.latest_frame(OTHER) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return time.monotonic() - start_s


async def _stock(unit: Unit) -> float:
    use_loopback()
    media = StockMedia(unit.hardware.audio)
    unit.calls = type(unit.calls)(lambda: media, unit.account.new_call)
    async with unit.calls:
        await unit.account.sign_in()
        start_s = time.monotonic()
        await unit.join("hall")
        while not media.pictures:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return time.monotonic() - start_s


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
