"""Do not disturb: set in a browser, it holds for all its tabs, and is told to everybody else."""

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import RunningExchange, Visit, go, tab_to, until
from tests.browser.ringing import line_is_up, ring, says, tone, until_quiet, until_rung_by
from tests.browser.test_directory import contact
from tests.browser.test_installed import in_the_background, until_notified

NOTICE = "Do not disturb is on, so nothing rings here."


def switch(page: Page) -> Locator:
    return page.get_by_role("switch", name="Do not disturb")


async def test_who_wants_peace_is_not_rung_until_it_is_off_again(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await go(ben, "#/account")
    await tab_to(ben, switch(ben))
    await ben.keyboard.press("Space")
    await expect(contact(ana, "Ben Okafor")).to_contain_text("Do not disturb")
    await expect(ben.get_by_text(NOTICE)).to_be_visible()
    await ring(ana, "ben")
    await says(ana, "Ben Okafor is busy.")
    await until_quiet(ben)
    await ben.reload()
    await expect(switch(ben)).to_be_checked()
    twin = await ben.context.new_page()
    await twin.goto(ben.url)
    await line_is_up(ben, twin)
    await expect(switch(twin)).to_be_checked()
    await switch(twin).uncheck()
    await expect(switch(ben)).not_to_be_checked()
    await expect(ben.get_by_text(NOTICE)).to_be_hidden()
    await ana.get_by_role("button", name="Back").click()
    await expect(contact(ana, "Ben Okafor")).to_contain_text("Reachable")
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")


async def test_a_browser_says_it_whenever_it_comes(visit: Visit, exchange: RunningExchange) -> None:
    kept = [{"name": "do-not-disturb", "value": "1"}]
    origins = [{"origin": exchange.url, "localStorage": kept}]
    ana = await visit("ana")
    await visit("ben", storage_state={"cookies": [], "origins": origins})
    await expect(contact(ana, "Ben Okafor")).to_contain_text("Do not disturb")


async def test_it_keeps_silent_by_itself_while_another_device_rings(visit: Visit) -> None:
    ana, pocket = await visit("ana"), await visit("ben")
    desk = await in_the_background(visit, "ben")
    await line_is_up(pocket)
    await go(desk, "#/account")
    await switch(desk).check()
    await ring(ana, "ben")
    await until_rung_by(pocket, "Ana")
    told = "async () => (await import('/web/app.js')).app.calls.phone.ringing.size"
    await until(desk, told, 1)
    await until_quiet(desk)
    await until_notified(desk, [])
    assert await desk.title() == "Account · callbox"
    await switch(desk).uncheck()
    await until_rung_by(desk, "Ana")
    await until_notified(desk, [["Ana is calling", "Video call"]])
    assert await tone(desk) == "ring"
