"""A bottleneck of 5, then 0.6, then 5 Mb/s with a queue of 300 ms before it, and video that would fill
2 Mb/s: how soon the sender follows, what it leaves in the queue, and what that does to its voice.

The rival is Chromium as the sender, through the same relay to the same receiver.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from itertools import groupby
from typing import Any

import numpy as np
from playwright.async_api import async_playwright

from hal import SAMPLE_RATE_HZ
from tests.bench.adaptation_senders import ChromiumSender, Sender, UnitSender
from tests.bench.impairment import Path
from tests.bench.relay import Relay
from tests.calls.world import launch
from tests.media.world import Station, until

CEILING_BPS = 2_000_000
DELAY_S = 0.02
WIDE = Path(rate_bps=5e6, delay_s=DELAY_S, queue_s=0.3)
NARROW_BPS = 0.6e6
NARROW = Path(rate_bps=NARROW_BPS, delay_s=DELAY_S, queue_s=0.3)
BACKWARDS = Path(delay_s=DELAY_S)
SETTLE_S, NARROW_S, WIDE_S = 15.0, 25.0, 25.0
FOLLOWED_S = 2.0
LOOK_S = 0.1
FOLLOWED_WINDOW_S, BACK_WINDOW_S = 0.5, 1.0
"""Over which a rate is taken."""
BLOCK = SAMPLE_RATE_HZ // 100
SILENT = 0.1
"""Of the usual loudness: less is a stall."""
Figures = dict[str, float | None]


def run() -> Iterator[dict[str, Any]]:
    ours, theirs = asyncio.run(_both())
    bars = {
        "under the bottleneck after": ("s", "<= 2"),
        "standing queue, median": ("ms", None),
        "standing queue, p95": ("ms", "<= 150"),
        "mean rate in the narrow phase": ("kb/s", None),
        "back above 80 % after": ("s", "<= 15"),
        "longest stall of the voice": ("ms", "<= 60"),
        "voice missing in all": ("ms", None),
    }
    for metric, (unit, bar) in bars.items():
        yield {
            "metric": metric,
            "unit": unit,
            "ours": ours[metric],
            "rival": "Chromium as the sender",
            "theirs": theirs[metric],
            "ratio": _ratio(ours[metric], theirs[metric]),
            "bar": bar,
        }


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return round(ours / theirs, 2) if ours is not None and theirs else None


async def _both() -> tuple[Figures, Figures]:
    ours = await _follow(UnitSender(CEILING_BPS))
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        theirs = await _follow(await ChromiumSender.open(browser, CEILING_BPS))
        await browser.close()
    return ours, theirs


class Record:
    """What a sender has put out so far (bytes, of voice and video), looked at every LOOK_S."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._looks: list[tuple[float, int]] = []

    async def watch(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._looks.append((time.monotonic(), await self._sender.bytes_sent()))
            await asyncio.sleep(LOOK_S)

    def rate_bps(self, since_s: float, until_s: float) -> float:
        """The mean between two moments."""
        looks = [look for look in self._looks if since_s <= look[0] <= until_s]
        return (looks[-1][1] - looks[0][1]) * 8 / (looks[-1][0] - looks[0][0])

    def first(self, since_s: float, window_s: float, fits: Callable[[float], bool]) -> float | None:
        """Seconds until the rate over the next ``window_s`` fits; None: it never did."""
        last_s = self._looks[-1][0] - window_s
        for at_s, _ in self._looks:
            if since_s <= at_s <= last_s and fits(self.rate_bps(at_s, at_s + window_s)):
                return round(at_s - since_s, 1)
        return None


async def _follow(sender: Sender) -> Figures:
    receiver = Station("hall", 1000)
    with Relay(WIDE, BACKWARDS) as relay:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(sender.close)
            stack.push_async_callback(receiver.close)
            await receiver.open()
            await sender.call(receiver, relay)
            await until(lambda: receiver.pictures(sender.uid) > 0, within_s=20)
            return await _measure(Record(sender), receiver, relay)


async def _measure(record: Record, receiver: Station, relay: Relay) -> Figures:
    await record.watch(SETTLE_S)
    receiver.audio.forget_played()
    relay.change(NARROW, BACKWARDS)
    narrow_s = time.monotonic()
    settled_s = narrow_s + FOLLOWED_S
    await record.watch(NARROW_S)
    waits = [wait_s for at_s, wait_s in relay.report()[0].waits if at_s > settled_s]
    relay.change(WIDE, BACKWARDS)
    wide_s = time.monotonic()
    await record.watch(WIDE_S)
    stalls_ms = _stalls_ms(receiver)
    return {
        "under the bottleneck after": record.first(
            narrow_s, FOLLOWED_WINDOW_S, lambda bps: bps <= NARROW_BPS
        ),
        "standing queue, median": round(float(np.median(waits)) * 1000),
        "standing queue, p95": round(float(np.percentile(waits, 95)) * 1000),
        "mean rate in the narrow phase": round(record.rate_bps(settled_s, wide_s) / 1000),
        "back above 80 % after": record.first(
            wide_s, BACK_WINDOW_S, lambda bps: bps >= 0.8 * CEILING_BPS
        ),
        "longest stall of the voice": max(stalls_ms, default=0),
        "voice missing in all": sum(stalls_ms),
    }


def _stalls_ms(receiver: Station) -> list[int]:
    """How long each silence in the sender's tone is, since what was played was last forgotten."""
    played = receiver.heard(NARROW_S + WIDE_S)
    blocks = played[: len(played) // BLOCK * BLOCK].reshape(-1, BLOCK).astype(float)
    loudness = np.sqrt((blocks**2).mean(axis=1))
    is_silent = loudness < SILENT * np.median(loudness)
    return [10 * len(list(run)) for silent, run in groupby(is_silent) if silent]
