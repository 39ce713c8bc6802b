"""What goes wrong in a call, and what the page says and does then."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from device.exchange.server.ringing.device_desk import MAX_DEVICES
from device.exchange.wire import API
from tests.browser.conftest import (
    ALLOWED,
    FAKE_DEVICES,
    PLAYS_BY_ITSELF,
    Launch,
    RunningExchange,
    Visit,
    inbound,
    join,
    press,
    until_inbound,
    until_linked,
)
from tests.browser.ringing import line_is_up


async def meet(visit: Visit) -> tuple[Page, Page]:
    ana, ben = await visit("ana"), await visit("ben")
    await join(ana, "hall", "Audio only")
    await join(ben, "hall", "Audio only")
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))
    return ana, ben


async def test_a_call_outlives_a_restart_of_the_exchange(
    visit: Visit, exchange: RunningExchange
) -> None:
    ana, ben = await meet(visit)
    words = "Reconnecting to the exchange…"
    await exchange.stop()
    for page in (ana, ben):
        await expect(page.get_by_text(words)).to_be_visible()
    # Said while the exchange is away, told when it is back.
    await press(ana, "Mute")
    heard = await inbound(ana, "ben", "audio")
    await until_inbound(ana, "ben", "audio", packetsReceived=heard["packetsReceived"] + 20)
    await exchange.start()
    for page in (ana, ben):
        await expect(page.get_by_text(words)).to_be_hidden()
    muted = ben.locator('.tile[data-uid="ana"]').get_by_role("img", name="muted")
    await expect(muted).to_be_visible()


class TestAwayForTooLong:
    @pytest.fixture
    def gone_after_s(self) -> float:
        return 1.0

    async def test_ends_the_call_in_words_on_both_sides(self, visit: Visit) -> None:
        ana, ben = await meet(visit)
        await ana.context.set_offline(True)
        await ana.evaluate(
            "async () => (await import('/web/app.js')).app.session.reader.connection.abort()"
        )
        await expect(ben.get_by_text("Ana lost the connection", exact=True)).to_be_visible()
        await ana.context.set_offline(False)
        await expect(ana.get_by_text("The connection was away for too long")).to_be_visible()
        await ana.get_by_role("button", name="Back").click()
        await expect(ana.locator("#session")).to_be_visible()


@pytest.mark.parametrize("breaks", ["ana", "ben"])
async def test_a_broken_link_is_made_anew_whoever_notices(visit: Visit, breaks: str) -> None:
    """Ana waits for offers, Ben makes them."""
    pages = dict(zip(("ana", "ben"), await meet(visit), strict=True))
    other = "ben" if breaks == "ana" else "ana"
    old = await pages[breaks].evaluate(
        """async (other) => {
          const { app } = await import("/web/app.js");
          const link = app.session.links.links.get(other);
          link.down();
          return link.name;
        }""",
        other,
    )
    new = """async ([other, old]) => {
      const { app } = await import("/web/app.js");
      for (;;) {
        const link = app.session.links.links.get(other);
        if (link.name !== old && link.pc.connectionState === "connected") return;
        await new Promise(requestAnimationFrame);
      }
    }"""
    async with asyncio.timeout(20):
        await asyncio.gather(
            pages[breaks].evaluate(new, [other, old]), pages[other].evaluate(new, [breaks, old])
        )
    await asyncio.gather(until_linked(pages["ana"], "ben"), until_linked(pages["ben"], "ana"))
    await until_inbound(pages["ana"], "ben", "audio", totalAudioEnergy=1e-5)
    await until_inbound(pages["ben"], "ana", "audio", totalAudioEnergy=1e-5)


async def test_without_any_device_one_joins_and_is_told(visit: Visit, launch: Launch) -> None:
    bare = await launch([ALLOWED, PLAYS_BY_ITSELF])
    ana, ben = await visit("ana"), await visit("ben", using=bare)
    await join(ana, "hall")
    await join(ben, "hall")
    await expect(ben.get_by_text("No microphone found.")).to_be_visible()
    await expect(ben.get_by_text("No camera found.")).to_be_visible()
    shown = ana.locator('.tile[data-uid="ben"]')
    await expect(shown.get_by_role("img", name="muted")).to_be_visible()
    await expect(shown.locator(".avatar")).to_have_text("BO")
    await until_inbound(ben, "ana", "video", framesDecoded=5)
    await until_inbound(ben, "ana", "audio", totalAudioEnergy=1e-5)


async def test_who_may_not_use_the_camera_is_told_what_to_do(visit: Visit, launch: Launch) -> None:
    denying = await launch([FAKE_DEVICES, PLAYS_BY_ITSELF, "--deny-permission-prompts"])
    ben = await visit("ben", using=denying)
    await join(ben, "hall")
    await expect(ben.get_by_text("This page may not use the camera.")).to_be_visible()
    await expect(ben.get_by_role("button", name="Resume video")).to_be_visible()


async def test_a_device_that_goes_away_is_said_and_shown(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await ana.evaluate(
        """async () => {
          const { app } = await import("/web/app.js");
          app.session.media.microphone.dispatchEvent(new Event("ended"));
        }"""
    )
    await expect(ana.get_by_text("The microphone went away. Check its cable.")).to_be_visible()
    await expect(ana.get_by_role("button", name="Unmute")).to_be_visible()
    muted = ben.locator('.tile[data-uid="ana"]').get_by_role("img", name="muted")
    await expect(muted).to_be_visible()


async def test_a_browser_that_wants_a_touch_before_sound_gets_one_clear_button(
    visit: Visit, launch: Launch
) -> None:
    strict = await launch([FAKE_DEVICES, ALLOWED, "--autoplay-policy=user-gesture-required"])
    ana, ben = await visit("ana"), await visit("ben", using=strict)
    await join(ben, "hall", "Audio only")
    touch_is_over = """async () => {
      while (navigator.userActivation.isActive) await new Promise(requestAnimationFrame);
    }"""
    await ben.evaluate(touch_is_over)
    await join(ana, "hall", "Audio only")
    await until_linked(ana, "ben")  # to look at Ben's page would count as a touch of it
    hear = ben.get_by_role("button", name="Tap to hear")
    await expect(hear).to_be_visible()
    assert await ben.evaluate("document.querySelector('audio').paused")
    await hear.click()
    await expect(hear).to_be_hidden()
    assert not await ben.evaluate("document.querySelector('audio').paused")


class TestFull:
    @pytest.fixture
    def max_members(self) -> int:
        return 1

    async def test_session_is_refused_in_words(self, visit: Visit) -> None:
        await join(await visit("ana"), "hall", "Audio only")
        late = await visit("ben")
        await late.fill("#session", "hall")
        await late.get_by_role("button", name="Audio only", exact=True).click()
        await expect(late.get_by_role("alert")).to_contain_text("The session is full")


async def test_who_has_too_many_devices_is_told_why_nothing_rings(
    visit: Visit, exchange: RunningExchange
) -> None:
    ana = await visit("ana")
    await line_is_up(ana)
    for number in range(MAX_DEVICES - 1):
        answer = await ana.context.request.put(
            f"{exchange.url}{API}/devices/other-{number}", headers={"X-Callbox": "1"}
        )
        assert answer.ok
    late = await visit("ana")
    await expect(late.get_by_text("Too many of your devices are connected.")).to_be_visible()


async def test_an_event_that_comes_twice_is_taken_once(visit: Visit) -> None:
    page = await visit(None)
    seen = await page.evaluate(
        """async () => {
          const { EventReader } = await import("/web/events.js");
          const seen = [];
          const event = (name, data) => seen.push([name, data.uid]);
          const reader = new EventReader("/nowhere", "", { event });
          for (const id of [1, 2, 2, 1, 3]) {
            reader.take(`id: ${id}\nevent: left\ndata: {"uid": "${id}"}`);
          }
          reader.take(": still here");
          return seen;
        }"""
    )
    assert seen == [["left", "1"], ["left", "2"], ["left", "3"]]
