"""Two pages and a unit ring each other: who rings, who stops, and who is seen and heard afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from device.phone.table import Phase
from device.phone.tones import INCOMING_HZ
from hal import Button
from tests.browser.conftest import until_inbound, until_linked
from tests.browser.ringing import answer, line_is_up, ring, says, until_quiet, until_rung_by
from tests.calls.world import BROWSER_TONE_HZ, Person
from tests.exchange.conftest import RunningExchange
from tests.media.world import until
from tests.phone.conftest import Station, phone_config, station
from tests.phone.test_restart import says as unit_says, started

pytestmark = pytest.mark.browser


@pytest.fixture
async def door(exchange: RunningExchange) -> AsyncIterator[Station]:
    """A unit whose call button calls Ana."""
    media = {"echo_canceller": "off"}  # a tone is noise to its noise suppression
    config = phone_config(exchange.url, "door", ringing={"call": "user:ana"}, media=media)
    async with station(config) as made:
        yield made


@pytest.fixture
async def desk(ana: Person) -> Page:
    await line_is_up(ana.page)
    return ana.page


@pytest.fixture
async def pocket(browser: Browser, exchange: RunningExchange) -> Page:
    """A second page of Ana's."""
    return await signed_in(browser, exchange, "ana")


async def signed_in(browser: Browser, exchange: RunningExchange, uid: str) -> Page:
    person = await Person.open(browser, exchange.url)
    await person.sign_in(uid)
    await line_is_up(person.page)
    return person.page


async def meet(page: Page, unit: Station, uid: str) -> None:
    """Each sees and hears the other."""
    await until_linked(page, uid)
    await until_inbound(page, uid, "video", framesDecoded=5)
    await until_inbound(page, uid, "audio", totalAudioEnergy=1e-5)
    await unit.is_linked()
    await until(lambda: abs(unit.heard_hz() - BROWSER_TONE_HZ) < 5)


async def is_ringing(unit: Station) -> None:
    await unit.is_in(Phase.RINGING)
    await until(lambda: min(abs(unit.heard_hz() - hz) for hz in INCOMING_HZ) < 5)


async def test_the_door_rings_every_page_until_one_answers(
    door: Station, desk: Page, pocket: Page
) -> None:
    door.tap(Button.CALL)
    await asyncio.gather(until_rung_by(desk, "Door"), until_rung_by(pocket, "Door"))
    await answer(pocket)
    await until_quiet(desk)
    await until_quiet(pocket)
    await meet(pocket, door, "door")
    door.tap(Button.END_CALL)
    await says(pocket, "The call has ended.")
    await door.is_silent()


async def test_the_door_gives_up_and_every_page_falls_silent(
    door: Station, desk: Page, pocket: Page
) -> None:
    door.tap(Button.CALL)
    await asyncio.gather(until_rung_by(desk, "Door"), until_rung_by(pocket, "Door"))
    door.tap(Button.END_CALL)
    await asyncio.gather(until_quiet(desk), until_quiet(pocket))
    await door.is_silent()


@asynccontextmanager
async def rung_twice(
    browser: Browser, exchange: RunningExchange, desk: Page
) -> AsyncIterator[tuple[Page, Station]]:
    """A page and a unit, two devices of Ben's that Ana rings."""
    ben = await signed_in(browser, exchange, "ben")
    async with station(phone_config(exchange.url, "ben")) as unit:
        await ring(desk, "ben")
        await asyncio.gather(until_rung_by(ben, "Ana"), is_ringing(unit))
        yield ben, unit


async def test_a_unit_answers_for_the_pages_of_its_user(
    browser: Browser, exchange: RunningExchange, desk: Page
) -> None:
    async with rung_twice(browser, exchange, desk) as (ben, unit):
        unit.tap(Button.CALL)
        await until_quiet(ben)
        await meet(desk, unit, "ben")


async def test_a_page_answers_for_the_unit_of_its_user(
    browser: Browser, exchange: RunningExchange, desk: Page
) -> None:
    async with rung_twice(browser, exchange, desk) as (ben, unit):
        await answer(ben)
        await unit.is_in(Phase.IDLE)
        await unit.is_silent()
        await until_linked(desk, "ben")


async def test_a_page_gives_up_and_the_unit_falls_silent(door: Station, desk: Page) -> None:
    await ring(desk, "door")
    await is_ringing(door)
    await desk.get_by_role("button", name="Cancel").click()
    await door.is_in(Phase.IDLE)
    await door.is_silent()


async def test_a_unit_in_a_call_is_busy(
    browser: Browser, exchange: RunningExchange, door: Station, desk: Page
) -> None:
    await ring(desk, "door")
    await is_ringing(door)
    door.tap(Button.CALL)
    await meet(desk, door, "door")
    eve = await signed_in(browser, exchange, "eve")
    await ring(eve, "door")
    await says(eve, "Front door is busy.")
    assert door.phase is Phase.IN_CALL


async def test_after_45_s_the_unit_is_silent_and_the_page_is_told(
    exchange: RunningExchange, door: Station, desk: Page
) -> None:
    await ring(desk, "door")
    await is_ringing(door)
    exchange.clock.turn(45)
    await door.is_in(Phase.IDLE)
    await door.is_silent()
    await says(desk, "Door did not answer.")


async def test_a_unit_killed_in_mid_call_is_seen_and_heard_again(
    exchange: RunningExchange, desk: Page
) -> None:
    async with started(exchange.url, "ben") as unit:
        await unit_says(unit, "up")
        await ring(desk, "ben")
        await until_linked(desk, "ben")
        await until_inbound(desk, "ben", "video", framesDecoded=5)
    await desk.wait_for_selector('.tile[data-uid="ben"]:not([data-link="up"])')
    async with started(exchange.url, "ben") as unit:
        await unit_says(unit, "up")
        await until_linked(desk, "ben")
        await until_inbound(desk, "ben", "video", framesDecoded=5)
        await until_inbound(desk, "ben", "audio", totalAudioEnergy=1e-5)
