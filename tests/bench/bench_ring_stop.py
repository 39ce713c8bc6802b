"""How soon a page and a unit of one person are silent once the call is answered elsewhere, or given up.

From the press to the first picture of the page's screen without the ringing, and to the last block of
the unit's ring tone."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from device.exchange.server.config import ExchangeConfig
from hal import Button
from tests.bench.bench_ringing import is_silenced
from tests.browser.ringing import line_is_up, ring
from tests.calls.world import Person, launch
from tests.exchange.conftest import Wall, running
from tests.media.world import until
from tests.phone.conftest import Station, phone_config, station

ROUNDS = 20

PRESSED = """
addEventListener("click", () => { window.pressed = Date.now(); }, { capture: true });
"""
WATCH = """
() => {
  const dialog = document.querySelector("dialog.incoming");
  window.quiet = new Promise((done) => {
    const look = () => (dialog.open ? requestAnimationFrame(look) : done(Date.now()));
    look();
  });
  return true;
}
"""


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        config = ExchangeConfig(Path(folder), port=0, tls=False)
        async with (
            async_playwright() as playwright,
            running(config, Wall(time.time())) as exchange,
            station(phone_config(exchange.url, "ben")) as kitchen,
        ):
            browser = await launch(playwright)
            ana, desk, pocket = [await _page(browser, exchange.url, uid) for uid in _UIDS]

            async def answer() -> float:
                await pocket.wait_for_selector("dialog.incoming[open]")
                await pocket.click("dialog.incoming button.go")
                return await _pressed_ms(pocket)

            async def answer_at_the_unit() -> float:
                await until(lambda: kitchen.unit.phone.audio.is_playing)
                pressed_ms = time.time() * 1000
                kitchen.tap(Button.CALL)
                return pressed_ms

            async def give_up() -> float:
                await ana.click(".outgoing button.stop")
                return await _pressed_ms(ana)

            stops = [await _measure(ana, desk, kitchen, each) for each in (answer, give_up)]
            pages_only = await _measure(ana, desk, None, answer_at_the_unit)
            await browser.close()
    lines = []
    for what, (page_ms, unit_ms) in zip(("answered in a page", "given up"), stops, strict=True):
        lines += _lines(f"{what}, the other page", page_ms) + _lines(f"{what}, the unit", unit_ms)
    return lines + _lines("answered at the unit, a page", pages_only[0])


_UIDS = ("ana", "ben", "ben")


async def _page(browser: Any, url: str, uid: str) -> Page:
    person = await Person.open(browser, url)
    await person.sign_in(uid)
    await person.page.evaluate(PRESSED)
    await line_is_up(person.page)
    return person.page


async def _pressed_ms(page: Page) -> float:
    at_ms: float = await page.evaluate("pressed")
    return at_ms


async def _measure(
    caller: Page, page: Page, unit: Station | None, stop: Callable[[], Awaitable[float]]
) -> tuple[list[float], list[float]]:
    """Milliseconds from the press to the silence of a page and of a unit, each round.

    :param stop: Presses, and says when, in milliseconds since 1970.
    """
    page_ms, unit_ms = [], []
    for _ in range(ROUNDS):
        await ring(caller, "ben", "audio")
        await page.wait_for_selector("dialog.incoming[open]")
        await page.evaluate(WATCH)
        silence = None
        if unit is not None:
            await until(lambda: unit.unit.phone.audio.is_playing)
            silence = asyncio.create_task(_silence_ms(unit))
        pressed_ms = await stop()
        page_ms.append(await page.evaluate("quiet") - pressed_ms)
        if silence is not None:
            unit_ms.append(await silence - pressed_ms)
        await _end(caller)
    return page_ms, unit_ms


async def _silence_ms(unit: Station) -> float:
    await is_silenced(unit)
    return time.time() * 1000


async def _end(caller: Page) -> None:
    """Back to where one begins, whatever came of the call."""
    await caller.evaluate(
        """async () => {
          const { app } = await import("/web/app.js");
          await fetch("/api/v1/calls/active", { method: "DELETE", headers: { "X-Callbox": "1" } });
          while (app.calls.phone.own) await new Promise(requestAnimationFrame);
        }"""
    )


def _lines(what: str, delays_ms: list[float]) -> list[dict[str, Any]]:
    def line(metric: str, ours: float, bar: str | None) -> dict[str, Any]:
        return {
            "metric": f"{what}: {metric}", "unit": "ms", "ours": ours, "rival": None,
            "theirs": None, "bar": bar,
        }  # fmt: skip

    return [
        line("press to silence, median", statistics.median(delays_ms), None),
        line(f"press to silence, longest of {ROUNDS}", max(delays_ms), "<= 200"),
    ]
