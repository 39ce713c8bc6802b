"""What a two-way 720p30 call costs each of its ends: a unit, or one on stock aiortc, and Chromium."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from device.exchange.server.config import ExchangeConfig
from tests.bench import process
from tests.calls.world import Person, launch
from tests.exchange.conftest import PASSWORD, Wall, running

WARM_UP_S = 5
MEASURED_S = 15


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU in seconds a second; memory in bytes at the end. Of Chromium: all its processes."""

    unit_cpu: float
    unit_encoder_cpu: float
    unit_resident_bytes: int
    unit_proportional_bytes: int
    chromium_cpu: float
    chromium_proportional_bytes: int
    chromium_frames_per_s: float


def measure(engine: str) -> Cost:
    """A call of a unit on ``ours`` or ``stock`` media with a headless Chromium."""
    return asyncio.run(_measure(engine))


async def _measure(engine: str) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        config = ExchangeConfig(Path(folder), port=0, tls=False)
        async with async_playwright() as playwright, running(config, Wall(time.time())) as exchange:
            unit = await asyncio.to_thread(_start_unit, exchange.url, engine)
            try:
                await _line(unit)
                browser = await launch(playwright)
                ana = await Person.open(browser, exchange.url)
                await ana.sign_in("ana")
                await ana.page.click(".sessions button")
                await ana.page.wait_for_selector(".tile:not(.own)[data-link=up]")
                await ana.until("document.querySelector('.tile:not(.own) video').videoWidth > 0")
                await asyncio.sleep(WARM_UP_S)
                before, start_s = await _both(unit, ana), time.monotonic()
                await asyncio.sleep(MEASURED_S)
                after, seconds = await _both(unit, ana), time.monotonic() - start_s
                await browser.close()
            finally:
                await asyncio.to_thread(unit.communicate)
    return _cost(before, after, seconds)


def _start_unit(url: str, engine: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.unit_process", url, PASSWORD, engine]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def _line(unit: subprocess.Popen[str]) -> dict[str, Any]:
    assert unit.stdout is not None
    said = await asyncio.to_thread(unit.stdout.readline)
    answer: dict[str, Any] = json.loads(said)
    return answer


async def _both(unit: subprocess.Popen[str], ana: Person) -> dict[str, Any]:
    assert unit.stdin is not None
    unit.stdin.write("\n")
    unit.stdin.flush()
    cost = await _line(unit)
    chromium = process.descendants("chromium")
    cost["chromium_cpu_s"] = sum(process.cpu_s(each) for each in chromium)
    used = [process.memory(each) for each in chromium]
    cost["chromium_bytes"] = sum(each.proportional_bytes for each in used)
    frames = await ana.page.evaluate(
        "document.querySelector('.tile:not(.own) video').getVideoPlaybackQuality().totalVideoFrames"
    )
    return cost | {"frames": frames}


def _cost(before: dict[str, Any], after: dict[str, Any], seconds: float) -> Cost:
    def a_second(name: str) -> float:
        return float(after[name] - before[name]) / seconds

    return Cost(
        unit_cpu=a_second("cpu_s"),
        unit_encoder_cpu=a_second("encoder_cpu_s"),
        unit_resident_bytes=after["resident_bytes"],
        unit_proportional_bytes=after["proportional_bytes"],
        chromium_cpu=a_second("chromium_cpu_s"),
        chromium_proportional_bytes=after["chromium_bytes"],
        chromium_frames_per_s=a_second("frames"),
    )
