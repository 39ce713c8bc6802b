"""What a test of ringing does and waits for."""

import asyncio

from playwright.async_api import Page, expect

NAMES = {"door": "Front door", "ana": "Ana", "ben": "Ben Okafor", "eve": "Eve"}


async def line_is_up(*pages: Page) -> None:
    """Each can ring and be rung."""
    async with asyncio.timeout(20):
        for page in pages:
            await page.evaluate(
                """async () => {
                  const { app } = await import("/web/app.js");
                  while (!app.calls.phone?.isUp) await new Promise(requestAnimationFrame);
                }"""
            )


async def ring(
    page: Page, receiver: str, call_type: str = "video", receiver_type: str = "user"
) -> None:
    """As a name in the directory does."""
    await line_is_up(page)
    await page.evaluate(
        """async ([receiver, type, callType, name]) => {
          const { startCall } = await import("/web/calls.js");
          startCall(receiver, type, callType, name);
        }""",
        [receiver, receiver_type, call_type, NAMES.get(receiver, receiver)],
    )


async def until_rung_by(page: Page, name: str) -> None:
    await expect(page.get_by_role("heading", name=f"{name} is calling")).to_be_visible()
    assert await tone(page) == "ring"


async def until_quiet(page: Page) -> None:
    """Nothing rings, to the eye or to the ear."""
    await expect(page.locator("dialog.incoming")).to_be_hidden()
    assert await tone(page) is None


async def answer(page: Page, how: str = "Answer") -> None:
    await page.locator("dialog.incoming").get_by_role("button", name=how, exact=True).click()


async def says(page: Page, words: str) -> None:
    await expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()


async def tone(page: Page) -> str | None:
    """What is played until stopped."""
    playing: str | None = await page.evaluate(
        "async () => (await import('/web/app.js')).app.calls.tones.playing"
    )
    return playing
