"""A call between a unit in the tree, with the real picamera2, and a real Chromium outside it.

Run by tests/rig/camera/run with the fixtures of tests.browser; RIG_TREE is the tree.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.conftest import (
    PASSWORD,
    RunningExchange,
    Visit,
    join,
    until_inbound,
    until_linked,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
PATIENCE_S = 30

# How colourful what the page shows of the unit is: libcamera's bars are, its lines are grey.
_SATURATION = """
(uid) => {
  const video = document.querySelector(`.tile[data-uid="${uid}"] video`);
  const canvas = new OffscreenCanvas(64, 36);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 36);
  const { data } = context.getImageData(0, 0, 64, 36);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) {
    const pixel = data.slice(at, at + 3);
    sum += Math.max(...pixel) - Math.min(...pixel);
  }
  return sum / (64 * 36);
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def unit(exchange: RunningExchange) -> AsyncIterator[asyncio.subprocess.Process]:
    """In the session "hall" once it has said "joined"."""
    process = await asyncio.create_subprocess_exec(
        str(HERE / "enter"),
        os.environ["RIG_TREE"],
        *("env", "LD_PRELOAD=/usr/local/lib/dma_heap.so"),
        *("/venv/bin/python", "-m", "tests.rig.camera.unit", exchange.url, PASSWORD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(PATIENCE_S):
        assert await process.wait() == 0


async def until_said(unit: asyncio.subprocess.Process, word: str) -> None:
    assert unit.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line = await unit.stdout.readline()
    assert line.decode().strip() == word


async def saturation(page: Page) -> float:
    value: float = await page.evaluate(_SATURATION, "door")
    return value


async def test_a_browser_sees_a_units_two_cameras(
    unit: asyncio.subprocess.Process, visit: Visit
) -> None:
    await until_said(unit, "joined")
    page = await visit("ana")
    await join(page, "hall")
    await until_linked(page, "door")
    seen = await until_inbound(page, "door", "video", framesDecoded=60)
    assert (seen["frameWidth"], seen["frameHeight"]) == (1280, 720)
    bars = await saturation(page)
    assert unit.stdin is not None
    unit.stdin.write(b"switch\n")
    await until_said(unit, "switched")
    keyframes = seen["keyFramesDecoded"] + 1
    after = await until_inbound(
        page,
        "door",
        "video",
        keyFramesDecoded=keyframes,
        framesDecoded=seen["framesDecoded"] + 60,
    )
    lines = await saturation(page)
    assert bars > 2 * lines, (bars, lines)
    print(f"\nChromium: {after['framesDecoded']} frames, {after['freezeCount']} freezes")
