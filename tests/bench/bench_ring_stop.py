"""How soon a browser stops ringing once the call is answered elsewhere, or given up: from the press in
one page to the first picture of the screen without the ringing in another."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from device.exchange.server.config import ExchangeConfig
from tests.browser.ringing import line_is_up, ring
from tests.calls.world import Person, launch
from tests.exchange.conftest import Wall, running

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
        async with async_playwright() as playwright, running(config, Wall(time.time())) as exchange:
            browser = await launch(playwright)
            ana, desk, pocket = [await _page(browser, exchange.url, uid) for uid in _UIDS]
            answered = await _measure(ana, desk, lambda: _answer(pocket))
            given_up = await _measure(ana, desk, lambda: _cancel(ana))
            await browser.close()
    return [*_lines("answered elsewhere", answered), *_lines("given up", given_up)]


_UIDS = ("ana", "ben", "ben")


async def _page(browser: Any, url: str, uid: str) -> Page:
    person = await Person.open(browser, url)
    await person.sign_in(uid)
    await person.page.evaluate(PRESSED)
    await line_is_up(person.page)
    return person.page


async def _measure(caller: Page, other: Page, stop: Callable[[], Awaitable[Page]]) -> list[float]:
    """Milliseconds from the press to the last picture of ringing in the other page, each round."""
    delays_ms = []
    for _ in range(ROUNDS):
        await ring(caller, "ben", "audio")
        await other.wait_for_selector("dialog.incoming[open]")
        await other.evaluate(WATCH)
        pressed_in = await stop()
        quiet_ms, pressed_ms = await other.evaluate("quiet"), await pressed_in.evaluate("pressed")
        delays_ms.append(quiet_ms - pressed_ms)
        await _end(caller)
    return delays_ms


async def _answer(pocket: Page) -> Page:
    await pocket.wait_for_selector("dialog.incoming[open]")
    await pocket.click("dialog.incoming button.go")
    return pocket


async def _cancel(ana: Page) -> Page:
    await ana.click(".outgoing button.stop")
    return ana


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
