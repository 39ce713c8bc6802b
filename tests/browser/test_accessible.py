"""Every page outside a call, in every state: nothing serious that axe finds, in dark and in light, on
the smallest phone and on a desk; nothing wider than the screen."""

from collections.abc import AsyncIterator

from playwright.async_api import expect

from tests.browser.accessibility import WIDTHS, State, faults
from tests.browser.conftest import ADMIN, RunningExchange, Visit, go, join, sign_in
from tests.browser.test_log import made
from tests.browser.test_visitor import make_link

PAGES = {
    "#/admin": "People and units",
    "#/admin/new-person": "Add a person",
    "#/admin/person/ana": "Edit ana",
    "#/admin/groups": "Groups",
    "#/admin/new-group": "Add a group",
    "#/admin/log": "All calls",
    "#/admin/links": "Visitor links",
    "#/admin/new-unit": "Add a unit",
}


async def outside(visit: Visit, width: int) -> AsyncIterator[State]:
    page = await visit(None, viewport={"width": width, "height": 800})
    yield "signing in", page
    await sign_in(page, "ana", "not the password")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "sign-in refused", page


async def inside(visit: Visit, exchange: RunningExchange, width: int) -> AsyncIterator[State]:
    page = await visit("ana", viewport={"width": width, "height": 800})
    await expect(page.get_by_text("Nobody is in a call right now.")).to_be_visible()
    yield "nobody in a call", page
    ben = await visit("ben")
    await join(ben, "the hall with the very long name " * 3, "Audio only")
    await expect(page.locator(".sessions button")).to_be_visible()
    yield "somebody in a call", page
    await go(page, "#/account")
    yield "account", page
    await page.get_by_role("switch", name="Do not disturb").check()
    await expect(page.get_by_text("so nothing rings here")).to_be_visible()
    yield "in peace", page
    await go(page, "#/people")
    await exchange.stop()
    await expect(page.get_by_text("The exchange does not answer.").first).to_be_visible()
    yield "the exchange is away", page
    await exchange.start()


async def calls(visit: Visit, exchange: RunningExchange, width: int) -> AsyncIterator[State]:
    ana, ben = await visit("ana", viewport={"width": width, "height": 800}), await visit("ben")
    await made(ana, exchange, "ben")
    await made(ben, exchange, *["ana"] * 21)
    await go(ana, "#/log")
    await expect(ana.get_by_role("button", name="Show older")).to_be_visible()
    yield "call log", ana
    await ana.get_by_label("Outcome").select_option("Busy")
    await expect(ana.get_by_text("No calls.")).to_be_visible()
    yield "empty call log", ana


async def administration(
    visit: Visit, exchange: RunningExchange, width: int
) -> AsyncIterator[State]:
    page = await visit(ADMIN.uid, viewport={"width": width, "height": 800})
    for address, words in PAGES.items():
        await go(page, address)
        await expect(page.get_by_role("heading", name=words, exact=True)).to_be_focused()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        yield address, page
    await page.get_by_label("Short name").fill("hall")
    await page.get_by_label("Name that others see").fill("Hall")
    await page.get_by_role("button", name="Make a pairing code").click()
    await expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_visible()
    yield "pairing", page
    await go(page, "#/admin/person/door")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    yield "asking", page


async def visitor(visit: Visit, exchange: RunningExchange, width: int) -> AsyncIterator[State]:
    ana = await visit("ana", viewport={"width": width, "height": 800})
    await go(ana, "#/account")
    url = await make_link(ana, "The parcel")
    yield "a link made", ana
    page = await visit(None, viewport={"width": width, "height": 800})
    await page.goto(url)
    await expect(page.get_by_label("Your name")).to_be_focused()
    yield "a visitor", page
    await page.goto(exchange.url + "/#visit=nothing")
    await page.get_by_label("Your name").fill("The post")
    await page.get_by_role("button", name="Call").click()
    await expect(page.get_by_role("heading", name="This link is over")).to_be_focused()
    yield "a link that is over", page


@WIDTHS
async def test_signing_in(visit: Visit, width: int) -> None:
    assert await faults(outside(visit, width)) == []


@WIDTHS
async def test_the_pages_inside(visit: Visit, exchange: RunningExchange, width: int) -> None:
    assert await faults(inside(visit, exchange, width)) == []


@WIDTHS
async def test_the_call_log(visit: Visit, exchange: RunningExchange, width: int) -> None:
    assert await faults(calls(visit, exchange, width)) == []


@WIDTHS
async def test_the_administration(visit: Visit, exchange: RunningExchange, width: int) -> None:
    assert await faults(administration(visit, exchange, width)) == []


@WIDTHS
async def test_a_visitors_page(visit: Visit, exchange: RunningExchange, width: int) -> None:
    assert await faults(visitor(visit, exchange, width)) == []
