"""One's own account."""

from playwright.async_api import expect

from tests.browser.conftest import PASSWORD, RunningExchange, Visit, go, sign_in


async def test_the_password_is_changed(visit: Visit, exchange: RunningExchange) -> None:
    page = await visit("ana")
    await go(page, "#/account")
    old = page.get_by_label("Present password")
    await old.fill("not this")
    await page.get_by_label("New password", exact=True).fill("another horse")
    await page.get_by_label("New password, again").fill("another house")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.locator("#again:invalid")).to_be_focused()
    await page.get_by_label("New password, again").fill("another horse")
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await old.fill(PASSWORD)
    await page.get_by_role("button", name="Change it").click()
    await expect(page.get_by_text("The password is changed.")).to_be_visible()
    await expect(old).to_have_value("")
    again = await visit(None)
    await sign_in(again, "ana", "another horse")
    await expect(again.get_by_role("heading", name="People")).to_be_visible()
