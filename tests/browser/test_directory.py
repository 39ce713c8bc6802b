"""Who can be called, and whether they are there."""

from playwright.async_api import Locator, Page, expect

from device.exchange.wire import API
from tests.browser.conftest import ADMIN, RunningExchange, Visit, tab_to


def contact(page: Page, name: str) -> Locator:
    return page.locator(".contact").filter(has=page.get_by_text(name, exact=True))


async def test_presence_is_said_in_words_as_it_changes(visit: Visit) -> None:
    ana = await visit("ana")
    ben = contact(ana, "Ben Okafor")
    await expect(ben).to_contain_text("Offline")
    await expect(ben.get_by_role("button", name="Call Ben Okafor, with video")).to_be_disabled()
    page = await visit("ben")
    await expect(ben).to_contain_text("Reachable")
    await page.context.close()
    await expect(contact(ana, "Ana")).to_have_count(0)


async def test_search_leaves_who_is_meant(visit: Visit) -> None:
    page = await visit("ana")
    await expect(contact(page, "Front door")).to_be_visible()
    await page.get_by_label("Search").fill("OKA")
    await expect(page.get_by_text("1 found")).to_be_visible()
    await expect(contact(page, "Ben Okafor")).to_be_visible()
    await expect(contact(page, "Front door")).to_be_hidden()
    await page.get_by_label("Search").fill("zzz")
    await expect(page.get_by_text("Nobody is called that.")).to_be_visible()


async def test_somebody_is_called_with_the_keyboard_alone(visit: Visit) -> None:
    ben = await visit("ben")
    ana = await visit("ana")
    await expect(contact(ana, "Ben Okafor")).to_contain_text("Reachable")
    await tab_to(ana, ana.get_by_role("button", name="Call Ben Okafor, audio only"))
    await ana.keyboard.press("Enter")
    await expect(ben.get_by_role("dialog")).to_contain_text("Ana is calling")


async def test_a_group_is_called(visit: Visit, exchange: RunningExchange) -> None:
    ada = await visit(ADMIN.uid)
    answer = await ada.context.request.put(
        f"{exchange.url}{API}/groups/family",
        data={"name": "The family", "members": ["ben", "eve", ADMIN.uid]},
        headers={"X-Callbox": "1"},
    )
    assert answer.ok, await answer.text()
    ana = await visit("ana")
    family = contact(ana, "The family")
    await expect(family).to_contain_text("1 of 3 reachable")
    ben = await visit("ben")
    await expect(family).to_contain_text("2 of 3 reachable")
    await family.get_by_role("button", name="Call The family, with video").click()
    for page in (ada, ben):
        await expect(page.get_by_role("dialog")).to_contain_text("Ana is calling")
