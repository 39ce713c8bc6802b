"""Visitor links: made and deleted, and what they open."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import ADMIN, RunningExchange, Visit, go
from tests.browser.test_admin import answer_dialog


async def make_link(page: Page, name: str, rings: str | None = None) -> str:
    await page.get_by_label("Whom or what is it for?").fill(name)
    if rings is not None:
        await page.get_by_label("Rings").select_option(rings)
    await page.get_by_role("button", name="Make a link").click()
    made = page.get_by_label("The link. It is shown only now.")
    await expect(made).to_be_focused()
    return await made.input_value()


async def open_link(visit: Visit, url: str) -> Page:
    page = await visit(None)
    await page.goto(url)
    return page


async def call(page: Page, name: str) -> None:
    """With the keyboard alone: the name has the focus."""
    await expect(page.get_by_label("Your name")).to_be_focused()
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")


async def test_a_visitor_calls_whom_the_link_names_and_can_do_nothing_else(
    visit: Visit, exchange: RunningExchange
) -> None:
    ana = await visit("ana")
    await go(ana, "#/account")
    url = await make_link(ana, "The parcel")
    visitor = await open_link(visit, url)
    await expect(visitor.get_by_role("link")).to_have_count(0)
    await expect(visitor.get_by_role("button")).to_have_count(1)
    await call(visitor, "The post")
    await expect(ana.get_by_role("dialog")).to_contain_text("The post is calling")
    await ana.get_by_role("button", name="Audio only").click()
    await expect(visitor.locator('.tile[data-uid="ana"]')).to_be_visible()


async def test_who_is_signed_in_stays_so_after_a_visit(
    visit: Visit, exchange: RunningExchange
) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await go(ana, "#/account")
    await ben.goto(await make_link(ana, "For Ben"))
    await call(ben, "Ben as a visitor")
    await expect(ana.get_by_role("dialog")).to_contain_text("Ben as a visitor is calling")
    await ben.goto(exchange.url)
    await go(ben, "#/account")
    await expect(ben.get_by_text("Signed in as Ben Okafor")).to_be_visible()


@pytest.mark.parametrize("when", ["before", "while the page is open"])
async def test_a_deleted_link_is_said_plainly(visit: Visit, when: str) -> None:
    ana = await visit("ana")
    await go(ana, "#/account")
    url = await make_link(ana, "The parcel")
    row = ana.get_by_role("listitem").filter(has_text="The parcel")
    await expect(row).to_contain_text("Rings you · Expires")
    visitor = await open_link(visit, url)
    if when != "before":
        await call(visitor, "The post")
        await expect(ana.get_by_role("dialog")).to_contain_text("The post is calling")
        await ana.get_by_role("button", name="Decline").click()
    await row.get_by_role("button", name="Delete").click()
    await answer_dialog(ana, "A call that is on with it ends at once.", "Delete")
    await expect(ana.get_by_text("There are no links.")).to_be_visible()
    if when == "before":
        await call(visitor, "The post")
    await expect(visitor.get_by_role("heading", name="This link is over")).to_be_visible()


async def test_an_admin_makes_links_for_anybody(visit: Visit) -> None:
    ada, ben = await visit(ADMIN.uid), await visit("ben")
    await go(ada, "#/admin/links")
    url = await make_link(ada, "Ben's guests", "Ben Okafor")
    row = ada.get_by_role("listitem").filter(has_text="Ben's guests")
    await expect(row).to_contain_text("Rings Ben Okafor")
    await call(await open_link(visit, url), "A guest")
    await expect(ben.get_by_role("dialog")).to_contain_text("A guest is calling")
