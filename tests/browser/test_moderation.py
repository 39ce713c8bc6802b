"""What who began a call may do with the others, and what those are told."""

import asyncio

from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, press, until_linked
from tests.browser.ringing import answer, line_is_up, ring, says, until_rung_by


async def meet(visit: Visit) -> tuple[Page, Page]:
    """Ana began the call; Ben answered it."""
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben", "audio")
    await until_rung_by(ben, "Ana")
    await answer(ben)
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))
    return ana, ben


async def test_who_is_muted_is_told_by_whom_and_may_speak_again(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await press(ana, "Who is here")
    mute = ana.get_by_role("button", name="Mute Ben Okafor")
    await mute.click()
    await expect(ben.get_by_text("You were muted by Ana.")).to_be_visible()
    await expect(mute).to_be_disabled()
    assert await ben.evaluate(
        "async () => (await import('/web/app.js')).app.session.media.microphone === null"
    )
    await press(ben, "Unmute")
    await expect(mute).to_be_enabled()
    await press(ben, "Who is here")
    await expect(ben.locator("#roster").get_by_role("button")).to_have_count(0)


async def test_who_is_removed_is_told_so_and_not_offered_to_come_back(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await press(ana, "Who is here")
    await ana.get_by_role("button", name="Remove Ben Okafor").click()
    await says(ben, "You were removed from the call.")
    await expect(ben.get_by_role("button", name="Call again")).to_have_count(0)


async def test_who_may_ends_the_call_for_all(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await press(ana, "Who is here")
    await ana.get_by_role("button", name="End for all").click()
    await asyncio.gather(says(ana, "The call has ended."), says(ben, "The call has ended."))
