"""What axe-core finds on a page, in dark and in light.

axe/axe.min.js is axe-core 4.14.1 as published (Mozilla Public License 2.0, axe/LICENSE). It runs in
tests only, and is not shipped.
"""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
GRAVE = ("serious", "critical")
WIDTHS = pytest.mark.parametrize("width", [360, 1280])
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")

State = tuple[str, Page]
"""What a page is showing, in words, and the page."""

_RUN = """
async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html, failureSummary }) => (
    { id, impact, html, why: failureSummary })));
}
"""


def axe_source() -> str:
    """Raises AssertionError when the file is not the one that was published."""
    source = AXE.read_bytes()
    assert sha256(source).hexdigest() == SHA256
    return source.decode()


async def grave_violations(page: Page) -> list[str]:
    """The serious and critical ones, contrast included, in both themes."""
    # Not by a script element: the page's policy forbids that, as it should.
    if not await page.evaluate("'axe' in globalThis"):
        await page.evaluate(axe_source())
    found: list[str] = []
    for theme in THEMES:
        # Else a button's colour would be measured on its way from one theme to the other.
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        violations: list[dict[str, Any]] = await page.evaluate(_RUN)
        found += [
            f"{theme}: {each['id']}: {each['html']}: {each['why']}"
            for each in violations
            if each["impact"] in GRAVE
        ]
    return found


async def faults(states: AsyncIterator[State]) -> list[str]:
    """In each state; and where a page is wider than its screen."""
    found = []
    async for name, page in states:
        found += [f"{name}: {each}" for each in await grave_violations(page)]
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append(f"{name}: {wide} px wider than the screen")
    return found
