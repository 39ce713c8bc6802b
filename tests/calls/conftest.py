from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from device.exchange.server.config import ExchangeConfig
from tests.calls.world import Kiosk, Person, kiosk, launch, make_tone
from tests.exchange.conftest import RunningExchange, Wall, running


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[RunningExchange]:
    config = ExchangeConfig(tmp_path, port=0, tls=False)
    async with running(config, Wall()) as made:
        yield made


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright, make_tone(tmp_path / "tone.wav"))
        yield browser
        await browser.close()


@pytest.fixture
async def ana(browser: Browser, exchange: RunningExchange) -> Person:
    """A page, signed in."""
    person = await Person.open(browser, exchange.url, viewport={"width": 1280, "height": 800})
    await person.add_modules()
    await person.sign_in("ana")
    return person


@pytest.fixture
async def door(exchange: RunningExchange) -> AsyncIterator[Kiosk]:
    """The unit, in the session ``hall``."""
    async with kiosk(exchange) as made:
        yield made
