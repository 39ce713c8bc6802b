"""Ringing between browsers: answered, refused, given up, unanswered; and back after a reload."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import RunningExchange, Visit, press, until_inbound, until_linked
from tests.browser.ringing import (
    answer,
    line_is_up,
    ring,
    says,
    tone,
    until_quiet,
    until_rung_by,
)
from tests.exchange.conftest import HandClock


async def meet(visit: Visit, call_type: str = "video") -> tuple[Page, Page]:
    """Ana rings Ben, who answers."""
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben", call_type)
    await until_rung_by(ben, "Ana")
    await answer(ben)
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))
    return ana, ben


async def test_a_call_rings_is_answered_seen_heard_and_ended(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    await says(ana, "Calling Ben Okafor…")
    assert await tone(ana) == "ringback"
    assert await ben.title() == "Ana is calling"
    await answer(ben)
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))
    for page, other in ((ana, "ben"), (ben, "ana")):
        await until_inbound(page, other, "video", framesDecoded=5)
        await until_inbound(page, other, "audio", totalAudioEnergy=1e-5)
        await until_quiet(page)
    await press(ben, "Leave")
    await says(ben, "You left the call.")
    await says(ana, "The call has ended.")
    await ana.get_by_role("button", name="Call again").click()
    await until_rung_by(ben, "Ana")


async def test_a_video_call_may_be_answered_with_the_camera_off(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    await answer(ben, "Audio only")
    await until_linked(ana, "ben")
    await until_inbound(ben, "ana", "video", framesDecoded=5)
    await expect(ben.get_by_role("button", name="Resume video")).to_be_visible()


async def test_an_answer_stops_the_other_devices(visit: Visit) -> None:
    ana, desk, pocket = await visit("ana"), await visit("ben"), await visit("ben")
    await line_is_up(desk, pocket)
    await ring(ana, "ben", "audio")
    await asyncio.gather(until_rung_by(desk, "Ana"), until_rung_by(pocket, "Ana"))
    await answer(pocket)
    await until_quiet(desk)
    await expect(desk.get_by_text("You are in a call on another tab or device.")).to_be_visible()
    await until_linked(ana, "ben")
    await desk.get_by_role("button", name="Continue here").click()
    await until_linked(desk, "ana")
    await says(pocket, "You joined from another place, so the call ended here.")


async def test_a_decline_stops_everywhere_and_is_told(visit: Visit) -> None:
    ana, desk, pocket = await visit("ana"), await visit("ben"), await visit("ben")
    await line_is_up(desk, pocket)
    await ring(ana, "ben")
    await asyncio.gather(until_rung_by(desk, "Ana"), until_rung_by(pocket, "Ana"))
    await answer(desk, "Decline")
    await asyncio.gather(until_quiet(desk), until_quiet(pocket))
    await says(ana, "Ben Okafor declined.")
    assert await tone(ana) is None
    await ana.get_by_role("button", name="Back").click()
    await expect(ana.locator("#session")).to_be_visible()


async def test_who_gives_up_stops_the_ringing(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    await ana.get_by_role("button", name="Cancel").click()
    await until_quiet(ben)
    await expect(ana.locator("#session")).to_be_visible()


async def test_who_is_in_a_call_is_busy_and_hears_nothing(visit: Visit) -> None:
    _, ben = await meet(visit, "audio")
    eve = await visit("eve")
    await ring(eve, "ben")
    await says(eve, "Ben Okafor is busy.")
    await until_quiet(ben)


async def test_who_is_not_there_cannot_be_reached(visit: Visit) -> None:
    ana = await visit("ana")
    await ring(ana, "door")
    await says(ana, "Front door cannot be reached now.")


async def test_two_who_ring_each_other_at_once_are_in_one_call(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ana, ben)
    await asyncio.gather(ring(ana, "ben"), ring(ben, "ana"))
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))
    await asyncio.gather(until_quiet(ana), until_quiet(ben))


class TestUnanswered:
    @pytest.fixture
    def clock(self) -> HandClock:
        return HandClock()

    async def test_after_45_s_both_are_told(
        self, visit: Visit, exchange: RunningExchange, clock: HandClock
    ) -> None:
        ana, ben = await visit("ana"), await visit("ben")
        await line_is_up(ben)
        await ring(ana, "ben")
        await until_rung_by(ben, "Ana")
        clock.turn(exchange.config.ring_for_s - 1)
        assert await tone(ben) == "ring"
        clock.turn(1)
        await until_quiet(ben)
        await says(ana, "Ben Okafor did not answer.")


@pytest.mark.parametrize("who", ["ana", "ben"])
async def test_a_page_that_is_loaded_anew_is_back_in_its_call(visit: Visit, who: str) -> None:
    pages = dict(zip(("ana", "ben"), await meet(visit), strict=True))
    other = "ben" if who == "ana" else "ana"
    await pages[who].reload()
    await until_linked(pages[who], other)
    await until_inbound(pages[who], other, "video", framesDecoded=5)
    await until_linked(pages[other], who)
    await until_inbound(pages[other], who, "audio", totalAudioEnergy=1e-5)
    await press(pages[who], "Leave")
    await says(pages[other], "The call has ended.")


async def test_what_rings_goes_on_after_a_reload_of_either_side(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    await ben.reload()
    await until_rung_by(ben, "Ana")
    await ana.reload()
    await says(ana, "Calling Ben Okafor…")
    await answer(ben)
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))


async def test_a_tab_that_was_duplicated_is_a_device_of_its_own(visit: Visit) -> None:
    ana = await visit("ana")
    await line_is_up(ana)
    device = await ana.evaluate("sessionStorage.device")
    twin = await ana.context.new_page()
    await twin.add_init_script(f"sessionStorage.device ??= {device!r}")
    await twin.goto(ana.url)
    await line_is_up(ana, twin)
    assert await twin.evaluate("sessionStorage.device") != device
    await ana.reload()
    await line_is_up(ana)
    assert await ana.evaluate("sessionStorage.device") == device


async def test_two_doors_ring_and_escape_silences_both(visit: Visit) -> None:
    ana, ben, eve = await visit("ana"), await visit("ben"), await visit("eve")
    await line_is_up(ben)
    await ring(ana, "ben")
    await ring(eve, "ben", "audio")
    await asyncio.gather(until_rung_by(ben, "Ana"), until_rung_by(ben, "Eve"))
    await ben.keyboard.press("Escape")
    assert await tone(ben) is None
    await expect(ben.locator("dialog.incoming section")).to_have_count(2)
    await (
        ben.get_by_role("region", name="Eve is calling")
        .get_by_role("button", name="Answer")
        .click()
    )
    await until_linked(ben, "eve")
    await says(ana, "Ben Okafor is busy.")


async def is_in_a_call(page: Page) -> bool:
    """As the exchange sees this person."""
    found: bool = await page.evaluate(
        """async () => {
          const { ask } = await import("/web/api.js");
          return (await ask("GET", "/calls/active")).call?.status === "ongoing";
        }"""
    )
    return found


async def lose_the_answer(page: Page, path: str) -> asyncio.Event:
    """To the next request for ``path``: the exchange has heard it, and once the event is set the page
    finds the connection broken."""
    let_go = asyncio.Event()

    async def lose(route: Route) -> None:
        await route.fetch()
        await let_go.wait()
        await route.abort()

    await page.route(path, lose, times=1)
    return let_go


async def test_a_call_whose_answer_is_lost_stops_ringing_and_another_can_be_made(
    visit: Visit,
) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    lost = await lose_the_answer(ana, "**/api/v1/calls")
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    lost.set()
    await says(ana, "The exchange does not answer. Check the network.")
    await until_quiet(ben)
    await ana.get_by_role("button", name="Call again").click()
    await until_rung_by(ben, "Ana")
    await answer(ben)
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))


async def test_a_call_given_up_before_its_answer_is_lost_stops_ringing(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    lost = await lose_the_answer(ana, "**/api/v1/calls")
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    await ana.get_by_role("button", name="Cancel").click()
    await expect(ana.locator("#session")).to_be_visible()
    lost.set()
    await until_quiet(ben)


async def test_a_lost_answer_does_not_end_the_call_with_another_device(visit: Visit) -> None:
    ana, _ = await meet(visit, "audio")
    other = await visit("ana")
    lost = await lose_the_answer(other, "**/api/v1/calls")
    lost.set()
    async with other.expect_response("**/api/v1/calls/active"):
        await ring(other, "eve")
    await says(other, "The exchange does not answer. Check the network.")
    await other.get_by_role("button", name="Call again").click()
    await says(other, "You are in another call. End it first.")
    assert await is_in_a_call(ana)


async def test_a_decline_after_a_lost_answer_ends_the_call(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben", "audio")
    await until_rung_by(ben, "Ana")
    lost = await lose_the_answer(ben, "**/accept")
    lost.set()
    await answer(ben)
    await says(ben, "The exchange does not answer. Check the network.")
    await answer(ben, "Decline")
    await until_quiet(ben)
    await says(ana, "The call has ended.")


async def test_a_decline_does_not_end_what_another_device_answered(visit: Visit) -> None:
    ana, desk, pocket = await visit("ana"), await visit("ben"), await visit("ben")
    await line_is_up(desk, pocket)
    await ring(ana, "ben", "audio")
    await asyncio.gather(until_rung_by(desk, "Ana"), until_rung_by(pocket, "Ana"))
    id_ = await desk.locator("[data-call]").get_attribute("data-call")
    await answer(pocket)
    await until_linked(ana, "ben")
    await desk.evaluate(
        "async (id) => (await import('/web/app.js')).app.calls.phone.reject(id)", id_
    )
    assert await is_in_a_call(ana)


class TestFull:
    @pytest.fixture
    def max_members(self) -> int:
        return 1

    async def test_who_answered_and_cannot_come_in_ends_the_call(self, visit: Visit) -> None:
        ana, ben = await visit("ana"), await visit("ben")
        await line_is_up(ben)
        await ring(ana, "ben", "audio")
        await until_rung_by(ben, "Ana")

        async def come_late(route: Route) -> None:
            await ana.wait_for_selector(".call")
            await route.continue_()

        await ben.route("**/api/v1/join", come_late)
        await answer(ben)
        await expect(ben.get_by_role("heading", name="The session is full")).to_be_visible()
        await says(ana, "The call has ended.")
