"""The log of calls."""

from playwright.async_api import Page, expect

from device.exchange.wire import API
from tests.browser.conftest import ADMIN, RunningExchange, Visit, go


async def made(page: Page, exchange: RunningExchange, *receivers: str, kind: str = "audio") -> None:
    """Calls by the person of this page, which is the first one, that nobody answers."""
    request, base = page.context.request, exchange.url + API
    headers = {"X-Callbox": "1"}
    answer = await request.put(f"{base}/devices/by-hand", headers=headers)
    assert answer.ok, await answer.text()
    for receiver in receivers:
        presence = page.locator(f'.contact[data-id="{receiver}"] .presence')
        await expect(presence).to_have_attribute("data-sign", "reachable")
        call = {"receiver": receiver, "device_id": "by-hand", "call_type": kind}
        answer = await request.post(f"{base}/calls", data=call, headers=headers)
        assert answer.ok, await answer.text()
        session_id = (await answer.json())["session_id"]
        answer = await request.post(f"{base}/calls/{session_id}/cancel", headers=headers)
        assert answer.ok, await answer.text()


async def test_a_missed_call_is_marked_and_called_back(
    visit: Visit, exchange: RunningExchange
) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await made(ana, exchange, "ben")
    await ben.get_by_role("link", name="Calls").click()
    await expect(ben.get_by_role("heading", name="Calls")).to_be_focused()
    row = ben.get_by_role("listitem").filter(has_text="Ana")
    await expect(row).to_contain_text("Missed · Incoming · Audio")
    await row.get_by_role("button", name="Call Ana back").click()
    await expect(ana.get_by_role("dialog")).to_contain_text("Ben Okafor is calling")


async def test_filters_leave_what_fits(visit: Visit, exchange: RunningExchange) -> None:
    ana, ben, _eve = await visit("ana"), await visit("ben"), await visit("eve")
    await made(ana, exchange, "ben", "eve", kind="video")
    await made(ben, exchange, "ana")
    await go(ana, "#/log")
    rows = ana.locator(".calls li")
    await expect(rows).to_have_count(3)
    await ana.get_by_label("Direction").select_option("Outgoing")
    await expect(rows).to_have_count(2)
    await ana.get_by_label("With").select_option("Eve")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Cancelled · Outgoing · Video")
    await ana.get_by_label("Kind").select_option("Audio")
    await expect(ana.get_by_text("No calls.")).to_be_visible()
    await ana.get_by_label("Direction").select_option("")
    await ana.get_by_label("With").select_option("")
    await ana.get_by_label("Outcome").select_option("Missed")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Ben Okafor")


async def test_older_calls_come_page_by_page(visit: Visit, exchange: RunningExchange) -> None:
    ana, _ben = await visit("ana"), await visit("ben")
    await made(ana, exchange, *["ben"] * 23)
    await go(ana, "#/log")
    rows = ana.locator(".calls li")
    await expect(rows).to_have_count(20)
    await ana.get_by_role("button", name="Show older").press("Enter")
    await expect(rows).to_have_count(23)
    await expect(rows.nth(20)).to_be_focused()
    await expect(ana.get_by_role("button", name="Show older")).to_be_hidden()


async def test_an_admin_sees_everybodys_calls(visit: Visit, exchange: RunningExchange) -> None:
    ana, _ben, ada = await visit("ana"), await visit("ben"), await visit(ADMIN.uid)
    await made(ana, exchange, "ben")
    await go(ada, "#/log")
    await expect(ada.get_by_text("No calls.")).to_be_visible()
    await go(ada, "#/admin/log")
    row = ada.locator(".calls li")
    await expect(row).to_contain_text("Ana to Ben Okafor")
    await expect(row.get_by_role("button")).to_have_count(0)
