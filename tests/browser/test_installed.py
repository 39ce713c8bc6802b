"""The page as something that is installed: its manifest, its service worker, its notifications."""

from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, go, until, until_linked
from tests.browser.ringing import line_is_up, ring, until_quiet, until_rung_by

_WORKER = "(async () => Boolean((await navigator.serviceWorker.ready).active))()"
_SHOWN = """
async () => {
  const shown = await (await navigator.serviceWorker.ready).getNotifications();
  return shown.map(({ title, body }) => [title, body]);
}
"""


async def until_notified(page: Page, wanted: list[list[str]]) -> None:
    await until(page, _SHOWN, wanted)


async def in_the_background(visit: Visit, uid: str) -> Page:
    """A page that is not in front, and may notify."""
    page = await visit(uid, permissions=["notifications"])
    await page.evaluate("document.hasFocus = () => false")
    assert await page.evaluate(_WORKER)
    await line_is_up(page)
    return page


async def test_the_manifest_says_all_that_an_installation_needs(visit: Visit) -> None:
    page = await visit(None)
    manifest: dict[str, Any] = await page.evaluate(
        """async () => {
          const { href } = document.querySelector("link[rel=manifest]");
          return (await fetch(href)).json();
        }"""
    )
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "/",
        "/",
        "standalone",
    )
    for icon in manifest["icons"]:
        size = await page.evaluate(
            """async (src) => {
              const image = new Image();
              image.src = src;
              await image.decode();
              return `${image.naturalWidth}x${image.naturalHeight}`;
            }""",
            icon["src"],
        )
        assert icon["sizes"] in (size, "any")
    session = await page.context.new_cdp_session(page)
    found = await session.send("Page.getInstallabilityErrors")
    errors = {each["errorId"] for each in found["installabilityErrors"]}
    assert errors <= {"in-incognito"}  # as every page of a test is


async def test_a_notification_comes_and_goes_with_the_ringing(visit: Visit) -> None:
    ana, ben = await visit("ana"), await in_the_background(visit, "ben")
    await ring(ana, "ben")
    await until_notified(ben, [["Ana is calling", "Video call"]])
    await ana.get_by_role("button", name="Cancel").click()
    await until_quiet(ben)
    await until_notified(ben, [])
    assert await ben.evaluate("caches.keys()") == []


async def choose(page: Page, action: str) -> None:
    """A button of the notification."""
    [worker] = page.context.service_workers
    await worker.evaluate(
        """async (action) => {
          const [notification] = await registration.getNotifications();
          dispatchEvent(new NotificationEvent("notificationclick", { notification, action }));
        }""",
        action,
    )


async def test_a_call_is_answered_from_its_notification(visit: Visit) -> None:
    ana, ben = await visit("ana"), await in_the_background(visit, "ben")
    await ring(ana, "ben", "audio")
    await until_rung_by(ben, "Ana")
    await until_notified(ben, [["Ana is calling", "Audio call"]])
    await choose(ben, "answer")
    await until_linked(ana, "ben")
    await until_quiet(ben)


async def test_a_choice_finds_the_page_that_rings(visit: Visit) -> None:
    ana, ben = await visit("ana"), await in_the_background(visit, "ben")
    await ring(ana, "ben")
    await until_rung_by(ben, "Ana")
    await until_notified(ben, [["Ana is calling", "Video call"]])
    in_front = await ben.context.new_page()
    await in_front.goto(urljoin(ben.url, "/#visit=nothing"))
    await in_front.bring_to_front()
    await choose(ben, "decline")
    await expect(ana.get_by_role("heading", name="Ben Okafor declined.")).to_be_visible()


async def test_a_choice_is_taken_by_one_of_the_pages_that_ring(visit: Visit) -> None:
    ana, ben = await visit("ana"), await in_the_background(visit, "ben")
    twin = await ben.context.new_page()
    await twin.goto(ben.url)
    await line_is_up(ben, twin)
    accepted = []
    ben.context.on("request", lambda each: accepted.append(each.url.endswith("/accept")))
    await ring(ana, "ben", "audio")
    for page in (ben, twin):
        await until_rung_by(page, "Ana")
    await until_notified(ben, [["Ana is calling", "Audio call"]])
    await choose(ben, "answer")
    await until_linked(ana, "ben")
    for page in (ben, twin):
        await until_quiet(page)
    assert sum(accepted) == 1


@pytest.mark.parametrize("how", ["signed out", "left"])
async def test_a_notification_goes_with_its_page(visit: Visit, how: str) -> None:
    ana, ben = await visit("ana"), await in_the_background(visit, "ben")
    await go(ben, "#/account")
    await ring(ana, "ben")
    await until_notified(ben, [["Ana is calling", "Video call"]])
    if how == "left":
        await ben.goto(urljoin(ben.url, "/docs"))
    else:  # as from another tab: what rings covers the button
        await ben.get_by_role("button", name="Sign out").dispatch_event("click")
        await expect(ben.get_by_label("Password")).to_be_visible()
    await until_notified(ben, [])


async def test_notifications_are_asked_for_once_there_is_a_reason(visit: Visit) -> None:
    ana = await visit("ana")
    words = ana.get_by_text("Be told of calls while this page is in the background?")
    await expect(words).to_be_hidden()
    await ring(ana, "ben")
    await expect(
        ana.get_by_role("heading", name="Ben Okafor cannot be reached now.")
    ).to_be_visible()
    await ana.get_by_role("button", name="Back").click()
    await expect(words).to_be_visible()
    await ana.get_by_role("button", name="Not now").click()
    await expect(words).to_be_hidden()
