"""Pictures of people: shown from the own exchange, and from nowhere else."""

import pytest
from playwright.async_api import Page, expect

from device.exchange.wire import API
from tests.browser.conftest import ADMIN, RunningExchange, Visit, until_linked
from tests.browser.ringing import answer, line_is_up, ring, until_rung_by
from tests.browser.test_directory import contact

OWN = "/web/icon.svg"
WITHIN = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
OTHERS = [
    "https://elsewhere.example/x.png",
    "//elsewhere.example/x.png",
    "/\\elsewhere.example/x.png",
    "javascript:alert(1)",
    "data:text/html,x",
    "//",
]


async def with_picture(visit: Visit, exchange: RunningExchange, uid: str, picture: str) -> None:
    ada = await visit(ADMIN.uid)
    answered = await ada.context.request.put(
        f"{exchange.url}{API}/people/{uid}",
        data={"name": "Ana", "role": "member", "avatar": picture},
        headers={"X-Callbox": "1"},
    )
    assert answered.ok, await answered.text()


async def shown(page: Page, where: str) -> list[str]:
    found: list[str] = await page.locator(f"{where} img").evaluate_all(
        "(images) => images.map((image) => image.getAttribute('src'))"
    )
    return found


@pytest.mark.parametrize("picture", [OWN, OTHERS[2]])
async def test_one_rule_holds_wherever_a_person_is_shown(
    visit: Visit, exchange: RunningExchange, picture: str
) -> None:
    await with_picture(visit, exchange, "ana", picture)
    expected = [picture] if picture == OWN else []
    ana, ben = await visit("ana"), await visit("ben")
    await line_is_up(ben)
    await expect(contact(ben, "Ana")).to_be_visible()
    assert await shown(ben, ".contact .portrait") == expected
    await ring(ana, "ben", "audio")
    await until_rung_by(ben, "Ana")
    assert await shown(ben, "dialog.incoming .avatar") == expected
    await answer(ben)
    await until_linked(ben, "ana")
    assert await shown(ben, '.tile[data-uid="ana"] .avatar') == expected


async def test_a_picture_of_elsewhere_is_never_asked_for(visit: Visit) -> None:
    page = await visit(None)
    made: list[list[str]] = await page.evaluate(
        """async (pictures) => {
          const { avatar } = await import("/web/avatar.js");
          return pictures.map((each) => avatar("div", { name: "Ana", avatar: each }))
            .map((each) => [each.textContent, each.querySelector("img")?.getAttribute("src") ?? ""]);
        }""",
        [OWN, WITHIN, *OTHERS, "", None],
    )
    assert made == [["A", OWN], ["A", WITHIN], *[["A", ""]] * (len(OTHERS) + 2)]
