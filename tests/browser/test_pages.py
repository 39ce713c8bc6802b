"""Signing in, the lobby, the end: without media."""

from playwright.async_api import expect

from tests.browser.conftest import RunningExchange, Visit, join, press, sign_in, tab_to


async def test_a_wrong_password_is_refused_in_words(visit: Visit) -> None:
    page = await visit(None)
    await sign_in(page, "ana", "not the password")
    await expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    await expect(page.locator("#uid")).to_have_value("ana")


async def test_a_person_signs_in_stays_so_and_signs_out(visit: Visit) -> None:
    page = await visit(None)
    await sign_in(page, "ana")
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_text("Signed in as Ana")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Signed in as Ana")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("#password")).to_be_visible()
    await page.reload()
    await expect(page.locator("#password")).to_be_visible()


async def test_the_lobby_lists_who_is_in_a_call_and_joins_with_a_press(visit: Visit) -> None:
    ben = await visit("ben")
    await expect(ben.get_by_text("Nobody is in a call right now.")).to_be_visible()
    ana = await visit("ana")
    await join(ana, "Kitchen", "Audio only")
    row = ben.locator(".sessions button")
    await expect(row).to_contain_text("Ana — 1 here")
    await expect(row.get_by_role("img", name="audio call")).to_be_visible()
    await row.click()
    await expect(ana.locator('.tile[data-uid="ben"]')).to_be_visible()


async def test_an_exchange_that_is_away_is_said_in_the_lobby(
    visit: Visit, exchange: RunningExchange
) -> None:
    page = await visit("ana")
    await exchange.stop()
    await expect(page.get_by_text("The exchange does not answer.")).to_be_visible()
    await exchange.start()
    await expect(page.get_by_text("Nobody is in a call right now.")).to_be_visible()


async def test_everything_is_done_with_the_keyboard_alone(visit: Visit) -> None:
    page = await visit(None)
    await expect(page.locator("#uid")).to_be_focused()
    await page.keyboard.type("ana")
    await page.keyboard.press("Tab")
    await page.keyboard.type("correct horse")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="People")).to_be_focused()
    await tab_to(page, page.locator("#session"))
    await page.keyboard.type("hall")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".call")
    for label in ("Mute", "Pause video", "Who is here", "Settings", "Leave"):
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name=label, exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You left the call.")).to_be_visible()


async def test_dark_and_light_follow_the_system_until_a_person_chooses(visit: Visit) -> None:
    page = await visit("ana", color_scheme="light")
    html = page.locator("html")
    await expect(html).to_have_attribute("data-theme", "light")
    await page.emulate_media(color_scheme="dark")
    await expect(html).to_have_attribute("data-theme", "dark")
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("button", name="Dark or light").click()
    await expect(html).to_have_attribute("data-theme", "light")
    await page.reload()
    await expect(html).to_have_attribute("data-theme", "light")


async def test_nothing_is_wider_than_the_smallest_phone(visit: Visit) -> None:
    wide = "() => document.documentElement.scrollWidth - innerWidth"
    long_name = "the hall with the very long name " * 3
    page = await visit(None, viewport={"width": 360, "height": 740})
    assert await page.evaluate(wide) <= 0
    await sign_in(page, "ana")
    await page.wait_for_selector("#session")
    other = await visit("ben")
    await join(other, long_name, "Audio only")
    await page.wait_for_selector(".sessions button")
    assert await page.evaluate(wide) <= 0
    await page.locator(".sessions button").click()
    await press(page, "Who is here")
    assert await page.evaluate(wide) <= 0
    for button in await page.locator(".controls button:visible").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert min(box["width"], box["height"]) >= 64
