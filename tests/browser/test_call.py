"""Two browsers in a session: seen, heard, muted, paused, switched, left."""

import asyncio
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import (
    Visit,
    inbound,
    join,
    press,
    until_inbound,
    until_linked,
)

SAMPLES_PER_S = 48_000


def tile(page: Page, uid: str) -> Any:
    return page.locator(f'.tile[data-uid="{uid}"]')


def button(page: Page, label: str) -> Any:
    return page.get_by_role("button", name=label, exact=True)


async def meet(visit: Visit, kind: str = "Video") -> tuple[Page, Page]:
    """Ana, then Ben, in one session, linked."""
    ana, ben = await visit("ana"), await visit("ben")
    await join(ana, "hall", kind)
    await join(ben, "hall", kind)
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))
    return ana, ben


_TRACKS = """
async () => {
  const { app } = await import("/web/app.js");
  const { microphone, camera } = app.session.media;
  return { microphone: microphone?.readyState ?? null, camera: camera?.readyState ?? null };
}
"""


async def test_two_browsers_see_and_hear_each_other(visit: Visit) -> None:
    ana, ben = await meet(visit)
    for page, other in ((ana, "ben"), (ben, "ana")):
        await until_inbound(page, other, "video", framesDecoded=20)
        await until_inbound(page, other, "audio", totalAudioEnergy=1e-4)
        await expect(page.locator(f'.tile.picture[data-uid="{other}"] video')).to_be_visible()
        await expect(page.locator(".tiles")).to_have_attribute("data-layout", "spotlight")
    await expect(tile(ana, "ben")).to_contain_text("Ben Okafor")
    await ana.wait_for_selector('.tile.speaking[data-uid="ben"]')
    codec = await ana.evaluate(
        """async () => {
          const { app } = await import("/web/app.js");
          const stats = await app.session.links.links.get("ben").pc.getStats();
          const video = [...stats.values()].find((s) => s.type === "inbound-rtp" && s.kind === "video");
          return stats.get(video.codecId).mimeType;
        }"""
    )
    assert codec == "video/H264"


async def test_after_mute_not_a_sample_arrives_and_the_other_sees_it(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await until_inbound(ben, "ana", "audio", totalAudioEnergy=1e-4)
    await press(ana, "Mute")
    await expect(tile(ben, "ana").get_by_role("img", name="muted")).to_be_visible()
    assert (await ana.evaluate(_TRACKS))["microphone"] is None
    heard = await inbound(ben, "ana", "audio")
    # What was under way may still be played; then it is silent for a second.
    played = heard["totalSamplesReceived"] + SAMPLES_PER_S / 2
    before = await until_inbound(ben, "ana", "audio", totalSamplesReceived=played)
    after = await until_inbound(
        ben, "ana", "audio", totalSamplesReceived=played + 1.5 * SAMPLES_PER_S
    )
    assert after["packetsReceived"] == before["packetsReceived"]
    assert after["totalAudioEnergy"] - before["totalAudioEnergy"] < 1e-6
    await press(ana, "Unmute")
    await expect(tile(ben, "ana").get_by_role("img", name="muted")).to_be_hidden()
    await until_inbound(ben, "ana", "audio", totalAudioEnergy=after["totalAudioEnergy"] + 1e-4)


async def test_pause_closes_the_camera_and_the_other_sees_the_avatar(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await until_inbound(ben, "ana", "video", framesDecoded=5)
    await expect(tile(ben, "ana").locator(".avatar")).to_be_hidden()
    await press(ana, "Pause video")
    await expect(tile(ben, "ana").locator(".avatar")).to_have_text("A")
    await expect(tile(ben, "ana").locator("video")).to_have_css("opacity", "0")
    assert (await ana.evaluate(_TRACKS))["camera"] is None
    shown = await inbound(ben, "ana", "video")
    await press(ana, "Resume video")
    await expect(tile(ben, "ana").locator("video")).to_have_css("opacity", "1")
    await until_inbound(ben, "ana", "video", framesDecoded=shown["framesDecoded"] + 10)


async def test_quick_presses_end_as_the_last_one_meant(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await ana.evaluate(
        """async () => {
          const { app } = await import("/web/app.js");
          const { session } = app;
          await Promise.all([true, false, true, false, true].map((muted) => session.setMuted(muted)));
        }"""
    )
    assert await ana.evaluate(_TRACKS) == {"microphone": None, "camera": "live"}
    await expect(tile(ben, "ana").get_by_role("img", name="muted")).to_be_visible()


async def test_an_audio_call_becomes_a_video_call_when_both_want_it(visit: Visit) -> None:
    ana, ben = await meet(visit, "Audio only")
    assert (await ana.evaluate(_TRACKS))["camera"] is None
    await expect(button(ana, "Pause video")).to_be_hidden()
    await press(ana, "Switch to video")
    await until_inbound(ben, "ana", "video", framesDecoded=5)
    asked = ben.get_by_role("alertdialog")
    await expect(asked).to_contain_text("Ana would like to switch to video.")
    assert (await ben.evaluate(_TRACKS))["camera"] is None
    await asked.get_by_role("button", name="Accept").click()
    await until_inbound(ana, "ben", "video", framesDecoded=5)
    await expect(asked).to_be_hidden()
    await expect(button(ben, "Pause video")).to_be_visible()


async def test_who_declines_video_keeps_the_camera_closed_and_may_change_their_mind(
    visit: Visit,
) -> None:
    ana, ben = await meet(visit, "Audio only")
    await press(ana, "Switch to video")
    asked = ben.get_by_role("alertdialog")
    await asked.get_by_role("button", name="Decline").click()
    await expect(asked).to_be_hidden()
    assert (await ben.evaluate(_TRACKS))["camera"] is None
    await press(ben, "Switch to video")
    await until_inbound(ana, "ben", "video", framesDecoded=5)
    await expect(ana.get_by_role("alertdialog")).to_be_hidden()


async def test_who_wants_audio_only_joins_a_video_session_with_the_camera_closed(
    visit: Visit,
) -> None:
    ana, ben = await visit("ana"), await visit("ben")
    await join(ana, "hall", "Video")
    await join(ben, "hall", "Audio only")
    await until_linked(ben, "ana")
    await until_inbound(ben, "ana", "video", framesDecoded=5)
    assert (await ben.evaluate(_TRACKS))["camera"] is None
    await press(ben, "Resume video")
    await until_inbound(ana, "ben", "video", framesDecoded=5)


async def test_leaving_shows_on_both_sides_and_frees_the_devices(visit: Visit) -> None:
    ana, ben = await meet(visit)
    media = await ana.evaluate_handle('async () => (await import("/web/app.js")).app.session.media')
    await press(ana, "Leave")
    await expect(ana.get_by_text("You left the call.")).to_be_visible()
    assert await media.evaluate("(m) => [m.microphone, m.camera]") == [None, None]
    await expect(ben.get_by_text("Ana left")).to_be_visible()
    await expect(ben.get_by_text("You are alone in this call.")).to_be_visible()
    await expect(tile(ben, "ana")).to_have_count(0)
    await press(ana, "Rejoin")
    await asyncio.gather(until_linked(ana, "ben"), until_linked(ben, "ana"))


async def test_closing_the_page_leaves_the_call_at_once(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await ana.close(run_before_unload=False)
    await expect(ben.get_by_text("Ana left")).to_be_visible(timeout=3000)


async def test_joining_from_another_place_ends_the_call_here(visit: Visit) -> None:
    first = await visit("ana")
    await join(first, "hall")
    second = await visit("ana")
    await join(second, "hall")
    await expect(first.get_by_text("You joined from another place")).to_be_visible()
    await expect(second.get_by_text("You are alone in this call.")).to_be_visible()


async def test_the_roster_says_who_is_there_and_what_is_off(visit: Visit) -> None:
    ana, ben = await meet(visit)
    await press(ben, "Who is here")
    roster = ben.get_by_role("region", name="Who is here")
    await expect(roster.get_by_role("heading")).to_have_text("2 here")
    row = roster.locator('li[data-uid="ana"]')
    await expect(row.get_by_role("img", name="can be heard")).to_be_visible()
    await press(ana, "Mute")
    await expect(row.get_by_role("img", name="muted")).to_be_visible()
    await expect(roster.locator('li[data-uid="ben"]')).to_contain_text("Ben Okafor (you)")
    await ben.keyboard.press("Escape")
    await expect(roster).to_be_hidden()


async def test_three_stand_in_a_grid_and_all_hear_all(visit: Visit) -> None:
    pages = {uid: await visit(uid) for uid in ("ana", "ben", "eve")}
    for page in pages.values():
        await join(page, "hall", "Audio only")
    for uid, page in pages.items():
        await expect(page.locator(".tiles")).to_have_attribute("data-layout", "many")
        for other in pages.keys() - {uid}:
            await until_inbound(page, other, "audio", totalAudioEnergy=1e-5)
    await press(pages["ana"], "Leave")
    await expect(pages["ben"].locator(".tiles")).to_have_attribute("data-layout", "spotlight")


async def test_the_controls_fade_and_the_first_touch_only_wakes_them(visit: Visit) -> None:
    ana = await visit("ana", has_touch=True)
    await join(ana, "hall", "Audio only")
    mute = button(ana, "Mute")
    box = await mute.bounding_box()
    assert box is not None
    spot = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await ana.locator(".call.calm").wait_for()
    await expect(ana.locator(".controls")).to_have_css("opacity", "0")
    await ana.touchscreen.tap(*spot)
    await expect(ana.locator(".controls")).to_have_css("opacity", "1")
    assert (await ana.evaluate(_TRACKS))["microphone"] == "live"
    await ana.touchscreen.tap(*spot)
    await expect(button(ana, "Unmute")).to_be_visible()
