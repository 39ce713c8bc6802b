"""Every state of a call: nothing serious that axe finds, on the smallest phone and on a desk; nothing
wider than the screen."""

from collections.abc import AsyncIterator

from playwright.async_api import expect

from tests.browser.accessibility import WIDTHS, State, faults
from tests.browser.conftest import Visit, join, press, until_linked
from tests.browser.ringing import answer, line_is_up, ring, says, until_rung_by


async def ringing(visit: Visit, width: int) -> AsyncIterator[State]:
    size = {"width": width, "height": 740}
    ana, ben = await visit("ana", viewport=size), await visit("ben", viewport=size)
    eve = await visit("eve")
    await line_is_up(ben)
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    yield "incoming", ben
    await says(ana, "Calling Ben Okafor…")
    yield "outgoing", ana
    await ring(eve, "ben", "audio")
    await until_rung_by(ben, "Eve")
    yield "two ring", ben
    await (
        ben.get_by_role("region", name="Ana is calling")
        .get_by_role("button", name="Decline")
        .click()
    )
    await says(ana, "Ben Okafor declined.")
    yield "declined", ana
    await answer(ben)
    await until_linked(ben, "eve")
    yield "audio call", ben
    await press(eve, "Switch to video")
    await expect(ben.get_by_role("alertdialog")).to_be_visible()
    yield "asked for video", ben
    await press(eve, "Leave")
    await says(ben, "The call has ended.")
    yield "ended", ben


async def in_call(visit: Visit, width: int) -> AsyncIterator[State]:
    ana = await visit("ana", viewport={"width": width, "height": 740})
    await join(ana, "hall")
    yield "alone", ana
    for uid in ("ben", "eve"):
        await join(await visit(uid), "hall")
        await until_linked(ana, uid)
    await expect(ana.locator("#toast p")).to_have_count(0)
    yield "grid", ana
    await press(ana, "Who is here")
    yield "who is here", ana
    await press(ana, "Settings")
    await ana.get_by_text("Spotlight", exact=True).click()
    await ana.get_by_text("Keys", exact=True).click()
    yield "settings", ana
    await ana.keyboard.press("Escape")
    await press(ana, "Mute")
    await press(ana, "Pause video")
    yield "spotlight, muted and paused", ana
    await ana.mouse.move(5, 300)
    await ana.locator(".call.calm").wait_for()
    yield "calm", ana


@WIDTHS
async def test_ringing(visit: Visit, width: int) -> None:
    assert await faults(ringing(visit, width)) == []


@WIDTHS
async def test_in_a_call(visit: Visit, width: int) -> None:
    assert await faults(in_call(visit, width)) == []
