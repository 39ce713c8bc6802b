"""What a person may choose in a call: layout, devices, a small window, keys; and what is said there."""

import asyncio

from playwright.async_api import Page, expect

from tests.browser.conftest import (
    ALLOWED,
    FAKE_DEVICES,
    PLAYS_BY_ITSELF,
    Launch,
    Visit,
    join,
    press,
    until,
    until_inbound,
    until_linked,
)
from tests.browser.ringing import answer, line_is_up, ring, says, until_rung_by

TWO_CAMERAS = f"{FAKE_DEVICES}=device-count=2"


async def meet(visit: Visit, *uids: str) -> list[Page]:
    """These in one session without video, linked with each other."""
    pages = [await visit(uid) for uid in uids]
    for page in pages:
        await join(page, "hall", "Audio only")
    for page, own in zip(pages, uids, strict=True):
        await asyncio.gather(*(until_linked(page, uid) for uid in uids if uid != own))
    return pages


async def test_the_layout_is_the_persons_choice_and_is_kept(visit: Visit) -> None:
    ana, _, _ = await meet(visit, "ana", "ben", "eve")
    tiles = ana.locator(".tiles")
    await expect(tiles).to_have_attribute("data-layout", "many")
    await press(ana, "Settings")
    await ana.get_by_text("Single", exact=True).click()
    await expect(tiles).to_have_attribute("data-layout", "alone")
    await expect(ana.locator(".tile:visible")).to_have_count(1)
    await ana.get_by_text("Spotlight", exact=True).click()
    await expect(tiles).to_have_attribute("data-layout", "strip")
    await ana.keyboard.press("Escape")
    await ana.locator('.tile[data-uid="eve"]').click()
    await expect(ana.locator(".tile.large")).to_have_attribute("data-uid", "eve")
    await ana.keyboard.press("n")
    await expect(ana.locator(".tile.large")).to_have_attribute("data-uid", "ana")
    await ana.keyboard.press("l")
    await expect(tiles).to_have_attribute("data-layout", "alone")
    await press(ana, "Leave")
    await ana.get_by_role("button", name="Rejoin").click()
    await expect(ana.locator(".tile:visible")).to_have_count(1)


async def test_another_camera_and_microphone_may_be_chosen_and_are_kept(
    visit: Visit, launch: Launch
) -> None:
    browser = await launch([TWO_CAMERAS, ALLOWED, PLAYS_BY_ITSELF])
    ana, ben = await visit("ana", using=browser), await visit("ben")
    for page in (ana, ben):
        await join(page, "hall")
    await until_inbound(ben, "ana", "video", framesDecoded=5)
    opened = """async () => {
      const { app } = await import("/web/app.js");
      return app.session.media.camera?.label;
    }"""
    first = await ana.evaluate(opened)
    await press(ana, "Settings")
    cameras = ana.get_by_label("Camera", exact=True)
    names = await cameras.locator("option").all_text_contents()
    assert len(names) == 2
    second = next(name for name in names if name != first)
    await cameras.select_option(label=second)
    await expect(ana.get_by_label("Microphone", exact=True)).to_be_visible()
    await expect(ana.get_by_label("Speaker", exact=True)).to_be_visible()
    await until(ana, opened, second)
    # Chromium's second test camera takes no pictures of this size; the first one does again.
    await cameras.select_option(label=first)
    await until(ana, opened, first)
    seen = await until_inbound(ben, "ana", "video", framesDecoded=5)
    await until_inbound(ben, "ana", "video", framesDecoded=seen["framesDecoded"] + 10)
    await ana.evaluate("localStorage.microphone = 'one that was unplugged'")
    await ana.reload()
    await join(ana, "hall")
    await expect(ana.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    await expect(ana.locator(".tile.own.picture")).to_be_visible()


async def test_the_other_is_seen_in_a_small_window_with_its_own_controls(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    for page in (ana, ben):
        await join(page, "hall")
    await until_inbound(ana, "ben", "video", framesDecoded=5)
    await press(ana, "Settings")
    async with ana.context.expect_page() as opened:
        await ana.get_by_role("button", name="Picture in picture").click()
    small = await opened.value
    await small.wait_for_function("document.querySelector('video').videoWidth > 0")
    await small.get_by_role("button", name="Mute", exact=True).click()
    await expect(ana.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    await small.get_by_role("button", name="Unmute", exact=True).click()
    await expect(ana.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    async with small.expect_event("close"):
        await small.get_by_role("button", name="Leave").click()
    await says(ana, "You left the call.")


_PLAYED_ON = """(id) => {
  const sounds = [...document.querySelectorAll("#sounds audio")];
  return sounds.length > 0 && sounds.every(({ sinkId }) => sinkId === id);
}"""


async def test_the_voices_come_from_the_chosen_speaker_in_later_calls_too(visit: Visit) -> None:
    ana, _ = await meet(visit, "ana", "ben")
    await press(ana, "Settings")
    speakers = ana.get_by_label("Speaker", exact=True)
    chosen = await speakers.locator("option").last.get_attribute("value")
    assert chosen != await speakers.input_value()
    await speakers.select_option(chosen)
    await ana.wait_for_function(_PLAYED_ON, arg=chosen)
    await ana.reload()
    await join(ana, "hall", "Audio only")
    await until_linked(ana, "ben")
    await ana.wait_for_function(_PLAYED_ON, arg=chosen)


_CAMERA = "document.querySelector('.own video').srcObject?.id"


async def test_a_phone_flips_its_camera(visit: Visit) -> None:
    ana = await visit("ana", has_touch=True, is_mobile=True)
    await join(ana, "hall")
    before = await ana.evaluate(_CAMERA)
    await ana.get_by_role("button", name="Other camera").click()
    await ana.wait_for_function(f"(before) => {_CAMERA} !== before", arg=before)
    await expect(ana.locator(".tile.own.picture")).to_be_visible()


async def test_the_keys_work_are_listed_and_can_be_switched_off(visit: Visit) -> None:
    ana = await visit("ana")
    await join(ana, "hall")
    await ana.keyboard.press("m")
    await expect(ana.get_by_role("button", name="Unmute", exact=True)).to_be_visible()
    await ana.keyboard.press("v")
    await expect(ana.get_by_role("button", name="Resume video", exact=True)).to_be_visible()
    await ana.keyboard.press("s")
    await ana.get_by_text("Keys", exact=True).click()
    await expect(ana.get_by_text("Mute or unmute")).to_be_visible()
    await ana.get_by_label("Keys are on").uncheck()
    await ana.keyboard.press("Escape")
    await ana.keyboard.press("m")
    await ana.keyboard.press("Shift+E")
    await expect(ana.get_by_role("button", name="Unmute", exact=True)).to_be_visible()


async def test_who_uses_the_keyboard_keeps_the_controls(visit: Visit) -> None:
    ana = await visit("ana")
    await join(ana, "hall", "Audio only")
    await ana.mouse.move(100, 300)
    await ana.locator(".call.calm").wait_for()
    mute = ana.get_by_role("button", name="Mute", exact=True)
    await expect(mute).to_be_visible()  # to a screen reader, that is
    await ana.keyboard.press("Tab")
    await expect(mute).to_be_focused()
    await ana.wait_for_timeout(5000)
    await expect(ana.locator(".call.calm")).to_have_count(0)


async def test_a_page_without_network_says_so(visit: Visit) -> None:
    ana, ben = await meet(visit, "ana", "ben")
    await ana.context.set_offline(True)
    await ana.evaluate(
        "async () => (await import('/web/app.js')).app.session.reader.connection.abort()"
    )
    words = ana.get_by_text("This device has no network. Reconnecting…")
    await expect(words).to_be_visible()
    await ana.context.set_offline(False)
    await expect(words).to_be_hidden()
    await expect(ben.locator('.tile[data-uid="ana"]')).to_be_visible()


async def test_who_answers_first_waits_for_the_other_in_words(visit: Visit) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await ring(ana, "ben", "audio")
    await until_rung_by(ben, "Ana")
    await ana.route("**/api/v1/join", lambda route: None)  # on its way for ever
    await answer(ben)
    await expect(ben.get_by_text("Waiting for Ana…")).to_be_visible()
    await ana.context.close()
