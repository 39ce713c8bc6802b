"""A unit and a real Chromium in a call of 30 s: what the page shows, and how soon buttons act."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from device.exchange.server.config import ExchangeConfig
from hal import Button
from tests.calls.world import HEAR, Kiosk, Person, kiosk, launch, make_tone, meet, watch
from tests.exchange.conftest import Wall, running

WATCH_S = 30
SWITCHES = 9


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        config = ExchangeConfig(Path(folder), port=0, tls=False)
        async with (
            async_playwright() as playwright,
            running(config, Wall(time.time())) as exchange,
            kiosk(exchange) as door,
        ):
            browser = await launch(playwright, make_tone(Path(folder) / "tone.wav"))
            ana = await Person.open(browser, exchange.url, viewport={"width": 1280, "height": 800})
            await ana.add_modules()
            await ana.sign_in("ana")
            await meet(ana, door)
            await watch(ana)
            await ana.evaluate(HEAR)
            lines = [*await _look(ana), await _switch(ana, door), await _end(door)]
            await browser.close()
            return lines


def _line(metric: str, unit: str, ours: float, bar: str) -> dict[str, Any]:
    """Bars of the project's own; no rival does the same."""
    return {"metric": metric, "unit": unit, "ours": ours, "rival": None, "theirs": None, "bar": bar}


async def _look(ana: Person) -> list[dict[str, Any]]:
    before, start_s = await ana.statistics("video"), time.monotonic()
    await ana.page.wait_for_timeout(WATCH_S * 1000)
    after, seconds = await ana.statistics("video"), time.monotonic() - start_s
    decoded = after["framesDecoded"] - before["framesDecoded"]
    freezes = after["freezeCount"] - before["freezeCount"]
    ages_ms = [each["ageMs"] for each in await ana.page.evaluate("window.seen")]
    return [
        _line("decoded 720p", "frames/s", round(decoded / seconds, 1), ">= 28"),
        _line("freezes in 30 s", "count", freezes, "<= 0"),
        _line("age of the frame shown, median", "ms", statistics.median(ages_ms), "<= 150"),
    ]


async def _switch(ana: Person, door: Kiosk) -> dict[str, Any]:
    delays_ms = []
    for number in range(SWITCHES):
        facing = "FRONT" if number % 2 else "REAR"
        pressed_ms = time.time() * 1000
        door.tap(Button.CAMERA_SWITCH)
        await ana.until(f"window.seen.at(-1).facing === '{facing}'")
        shown = await ana.page.evaluate(
            f"window.seen.find(({{ facing, at }}) => facing === '{facing}' && at >= {pressed_ms})"
        )
        delays_ms.append(shown["at"] - pressed_ms)
    return _line(
        "camera button to new facing, median", "ms", round(statistics.median(delays_ms)), "<= 300"
    )


async def _end(door: Kiosk) -> dict[str, Any]:
    pressed_s = time.monotonic()
    door.tap(Button.END_CALL)
    await door.call.wait_ended()
    return _line(
        "end button to everything free",
        "ms",
        round((time.monotonic() - pressed_s) * 1000),
        "<= 1000",
    )
