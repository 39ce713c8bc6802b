"""A real Chromium, a real exchange, and a simulated unit, all on this machine."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Page, Playwright

from device.app import open_unit
from device.config import parse
from device.session.call import CallSession
from device.session.snapshot import Link
from device.trial.desk import DESK
from device.unit import Unit
from hal import AudioMode, Button
from hal.audio.simulated import SimulatedAudioRouter
from hal.buttons.simulated import SimulatedButtons
from tests.exchange.conftest import PASSWORD, RunningExchange
from tests.media.world import loudest_hz

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
TESTS = Path(__file__).parents[1]
MODULES = {"stamp": TESTS / "browser" / "stamp.js", "hear": TESTS / "calls" / "hear.js"}
BROWSER_TONE_HZ = 1500
UNIT_TONE_HZ = 440


def make_tone(path: Path) -> Path:
    """What Chromium's fake microphone plays: 10 s of a tone that joins up with itself."""
    samples = np.sin(np.arange(480_000) * 2 * np.pi * BROWSER_TONE_HZ / 48_000) * 8000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


async def launch(playwright: Playwright, tone: Path | None = None) -> Browser:
    extra = [f"--use-file-for-fake-audio-capture={tone}"] if tone else []
    return await playwright.chromium.launch(
        executable_path="/usr/bin/chromium", args=[*ARGUMENTS, *extra]
    )


@dataclass
class Person:
    """A page, and what went wrong in it."""

    page: Page
    complaints: list[str]

    @classmethod
    async def open(cls, browser: Browser, url: str, **context: Any) -> "Person":
        page = await (await browser.new_context(**context)).new_page()
        person = cls(page, [])
        page.on("pageerror", lambda error: person.complaints.append(str(error)))
        page.on(
            "console",
            lambda line: person.complaints.append(line.text) if line.type == "error" else None,
        )
        await page.goto(url)
        return person

    async def sign_in(self, uid: str, password: str = PASSWORD) -> None:
        await self.page.fill("#uid", uid)
        await self.page.fill("#password", password)
        await self.page.click("text=Sign in")
        await self.page.wait_for_selector("#session")
        # /me before the sign-in is refused, which the browser notes as an error of its own.
        self.complaints.clear()

    async def join(self, session: str, kind: str = "Video") -> None:
        await self.page.fill("#session", session)
        await self.page.click(f"button:has-text('{kind}')")
        await self.page.wait_for_selector(".call")

    async def press(self, label: str) -> None:
        await self.page.mouse.move(5, 5)
        await self.page.click(f".controls button[aria-label='{label}']")

    async def add_modules(self) -> None:
        """Make MODULES importable; the page's policy allows no script but its own origin's."""
        for name, path in MODULES.items():
            await self._add_module(name, path.read_text())

    async def _add_module(self, name: str, text: str) -> None:
        await self.page.context.route(
            f"**/test/{name}.js",
            lambda route: route.fulfill(body=text, content_type="text/javascript"),
        )

    async def evaluate(self, body: str) -> Any:
        """Run the body of an async function; ``app`` is the running page's, ``stamp`` and ``hear``
        are MODULES."""
        imports = "".join(f"const {name} = await import('/test/{name}.js');" for name in MODULES)
        return await self.page.evaluate(
            "async () => { const { app } = await import('/web/app.js');" + imports + body + "}"
        )

    async def until(self, condition: str) -> None:
        """Wait until an expression is true; looked at with each picture of the screen."""
        async with asyncio.timeout(20):
            await self.page.evaluate(
                "async () => { while (!(" + condition + "))"
                " await new Promise((done) => requestAnimationFrame(done)); }"
            )

    async def statistics(self, kind: str) -> dict[str, Any]:
        """The inbound-rtp statistics of the first link."""
        report: dict[str, Any] = await self.evaluate(
            "const [link] = app.session.links.links.values();"
            "for (const report of (await link.pc.getStats()).values())"
            f" if (report.type === 'inbound-rtp' && report.kind === '{kind}') return report;"
            " return {};"
        )
        return report


@dataclass
class Kiosk:
    """The unit in its session."""

    unit: Unit
    call: CallSession

    def tap(self, button: Button) -> None:
        buttons = self.unit.hardware.buttons
        assert isinstance(buttons, SimulatedButtons)
        buttons.tap(button)

    async def wait_link(self) -> None:
        async with asyncio.timeout(20):
            while not any(peer.link is Link.UP for peer in self.call.snapshot.peers):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def kiosk(exchange: RunningExchange, **call: Any) -> AsyncIterator[Kiosk]:
    config = parse(
        {
            "unit": {"session": "hall"},
            "exchange": {"url": exchange.url, "uid": "door", "password": PASSWORD},
            "call": call,
            "hardware": {
                **DESK,
                "microphone": f"tone:{UNIT_TONE_HZ}",
            },
            "media": {"echo_canceller": "off"},  # a tone is noise to its noise suppression
        }
    )
    async with open_unit(config, loopback_only=True) as unit:
        yield Kiosk(unit, await unit.join("hall"))


WATCH = """
  const video = document.querySelector('.tile:not(.own) video');
  window.seen = [];
  const look = () => {
    const mark = stamp.readStamp(video);
    const at = Date.now();
    if (mark) {
      const ageMs = (at - mark.epochMs) % 2 ** 32;
      window.seen.push({ facing: mark.facing, ageMs, at, number: mark.frameNumber });
    }
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  return true;
"""

HEAR = """
  const { streams } = app.session.peers.get('door');
  window.hear = await hear.listen(streams.audio);
  return true;
"""


async def meet(ana: Person, door: Kiosk) -> None:
    await ana.page.click(".sessions button")
    await ana.page.wait_for_selector(".tile:not(.own)[data-link=up]")
    await door.wait_link()
    await ana.until("document.querySelector('.tile:not(.own) video').videoWidth === 1280")


async def watch(ana: Person) -> None:
    await ana.evaluate(WATCH)
    await ana.until("window.seen.length > 0")


def heard_by(audio: SimulatedAudioRouter) -> float:
    """The loudest frequency of the unit's loudspeaker over its last second."""
    return loudest_hz(np.frombuffer(audio.played(AudioMode.SPEAKER), "<i2")[-48_000:])
