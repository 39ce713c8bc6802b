"""Looking after people, units and groups; pairing a unit."""

import pytest
from playwright.async_api import Page, Route, expect

from device.exchange.wire import API
from tests.browser.conftest import (
    ADMIN,
    RunningExchange,
    Visit,
    go,
    sign_in,
    tab_to,
)


async def answer_dialog(page: Page, words: str, button: str) -> None:
    """The question says what will happen, and stands on Cancel."""
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text(words)
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await dialog.get_by_role("button", name=button, exact=True).click()
    await expect(dialog).to_be_hidden()


async def test_a_member_sees_no_administration(visit: Visit, exchange: RunningExchange) -> None:
    page = await visit("ana")
    await expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    await page.goto(f"{exchange.url}/#/admin/groups")
    await expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()


async def test_a_person_is_added_with_the_keyboard_and_signs_in(visit: Visit) -> None:
    page = await visit(ADMIN.uid)
    await tab_to(page, page.get_by_role("link", name="Admin"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="People and units")).to_be_focused()
    await expect(page).to_have_title("People and units · callbox")
    await tab_to(page, page.get_by_role("link", name="Add a person"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Add a person")).to_be_focused()
    await tab_to(page, page.get_by_label("Name to sign in with"))
    await page.keyboard.type("kim")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Kim 김")
    await tab_to(page, page.get_by_label("Password"))
    await page.keyboard.type("long enough")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Kim 김 is added.")).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has_text="kim")).to_contain_text("Person")
    kim = await visit(None)
    await sign_in(kim, "kim", "long enough")
    await expect(kim.get_by_role("heading", name="People")).to_be_visible()


async def test_nobody_is_replaced_by_adding_them_again(visit: Visit) -> None:
    page = await visit(ADMIN.uid)
    await go(page, "#/admin/new-person")
    await page.get_by_label("Name to sign in with").fill("ana")
    await page.get_by_label("Name that others see").fill("Another Ana")
    await page.get_by_label("Password").fill("long enough")
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("alert")).to_have_text("There is an account ana already.")


async def test_who_is_revoked_or_removed_is_signed_out_at_once(visit: Visit) -> None:
    page, ana, ben = await visit(ADMIN.uid), await visit("ana"), await visit("ben")
    await go(page, "#/admin")
    await page.get_by_role("link", name="Edit Ana").click()
    await page.get_by_role("button", name="Sign out everywhere").click()
    await answer_dialog(page, "Ana is out of every call within a second", "Sign out")
    await expect(page.get_by_text("Ana is signed out everywhere.")).to_be_visible()
    await expect(ana.locator("#password")).to_be_visible()
    await go(page, "#/admin/person/ben")
    await page.get_by_role("button", name="Remove").click()
    await answer_dialog(page, "This cannot be undone.", "Cancel")
    await expect(page.get_by_role("button", name="Remove")).to_be_focused()
    await page.get_by_role("button", name="Remove").click()
    await answer_dialog(page, "The account ben is deleted", "Remove")
    await expect(page.get_by_text("Ben Okafor is removed.")).to_be_visible()
    await expect(page.get_by_role("link", name="Edit Ben Okafor")).to_have_count(0)
    await expect(ben.locator("#password")).to_be_visible()


async def test_a_new_name_a_new_role_and_a_new_password(visit: Visit) -> None:
    page = await visit(ADMIN.uid)
    await go(page, "#/admin/person/eve")
    await page.get_by_label("Name that others see").fill("Evelyn")
    await page.get_by_label("Role").select_option("admin")
    await page.get_by_label("New password").fill("a new password")
    await page.get_by_role("button", name="Save").click()
    row = page.get_by_role("listitem").filter(has_text="Evelyn")
    await expect(row).to_contain_text("Admin")
    eve = await visit(None)
    await sign_in(eve, "eve", "a new password")
    await expect(eve.get_by_role("link", name="Admin")).to_be_visible()


async def test_the_last_admin_stays(visit: Visit) -> None:
    page = await visit(ADMIN.uid)
    await go(page, f"#/admin/person/{ADMIN.uid}")
    await page.get_by_label("Role").select_option("member")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("admin")


async def test_somebody_at_whose_password_was_guessed_is_shown_as_locked(visit: Visit) -> None:
    async def locked(route: Route) -> None:
        """As after fifty guesses from ten places, which would take a while."""
        answer = await route.fetch()
        body = await answer.json()
        for person in body["people"]:
            person["is_locked"] = person["user"]["uid"] == "ana"
        await route.fulfill(response=answer, json=body)

    page = await visit(ADMIN.uid)
    await page.route(f"**{API}/people", locked)
    await go(page, "#/admin")
    row = page.get_by_role("listitem").filter(has_text="Ana")
    await expect(row).to_contain_text("Locked: too many wrong passwords")
    await expect(page.get_by_text("Locked")).to_have_count(1)


async def test_a_group_is_added_changed_and_removed(visit: Visit) -> None:
    page = await visit(ADMIN.uid)
    await go(page, "#/admin/groups")
    await page.get_by_role("link", name="Add a group").click()
    await page.get_by_label("Short name").fill("family")
    await page.get_by_label("Name that others see").fill("The family")
    await page.get_by_role("checkbox", name="Ana").check()
    await page.get_by_role("button", name="Add").click()
    row = page.get_by_role("listitem").filter(has_text="The family")
    await expect(row).to_contain_text("Ana")
    await row.get_by_role("link").click()
    await page.get_by_role("checkbox", name="Ben Okafor").check()
    await page.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Ana, Ben Okafor")
    await row.get_by_role("link").click()
    await page.get_by_role("button", name="Remove").click()
    await answer_dialog(page, "Its members stay", "Remove")
    await expect(page.get_by_text("There are no groups.")).to_be_visible()


async def redeem(page: Page, exchange: RunningExchange, code: str) -> int:
    answer = await page.context.request.post(
        f"{exchange.url}{API}/pairings/redeem", data={"code": code, "attempt": "a" * 32}
    )
    return answer.status


async def test_a_unit_is_paired_with_the_code_on_the_page(
    visit: Visit, exchange: RunningExchange
) -> None:
    page = await visit(ADMIN.uid)
    await go(page, "#/admin/new-unit")
    await page.get_by_label("Short name").fill("hall")
    await page.get_by_label("Name that others see").fill("Hall")
    await page.get_by_role("button", name="Make a pairing code").click()
    await expect(page.get_by_role("heading", name="Pair Hall")).to_be_focused()
    code = await page.locator(".pairing-code").inner_text()
    await expect(page.locator("code.link")).to_contain_text(f"/{code}")
    await expect(page.get_by_role("img", name="QR code of the pairing link")).to_be_visible()
    await expect(page.get_by_text("It works once, for another 09:")).to_be_visible()
    assert await redeem(page, exchange, code) == 200
    await go(page, "#/admin")
    await expect(page.get_by_role("listitem").filter(has_text="Hall")).to_contain_text(
        "Unit · hall"
    )


async def test_a_pairing_code_that_has_expired_is_said_and_replaced(visit: Visit) -> None:
    page = await visit(ADMIN.uid)
    await page.clock.install()
    await go(page, "#/admin/person/door")
    await page.get_by_role("link", name="Make a pairing code").click()
    await page.get_by_role("button", name="Make a pairing code").click()
    code = await page.locator(".pairing-code").inner_text()
    await page.clock.fast_forward("10:01")
    await expect(page.get_by_text("The pairing code has expired.")).to_be_visible()
    await expect(page.get_by_text(code)).to_have_count(0)
    await page.get_by_role("button", name="Make a new code").click()
    await expect(page.get_by_label("Short name")).to_have_value("door")


@pytest.mark.parametrize("uid", ["ana", "nobody"])
async def test_only_a_unit_is_paired(visit: Visit, uid: str) -> None:
    page = await visit(ADMIN.uid)
    await go(page, f"#/admin/pair/{uid}")
    await expect(page.get_by_text("There is no such unit any more.")).to_be_visible()
