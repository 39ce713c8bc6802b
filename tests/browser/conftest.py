"""A real Chromium on a real exchange. Everything here lives in one event loop for the whole run, as
the browser does; so a test of this folder must not block it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    async_playwright,
    expect,
)
from pytest_asyncio import is_async_test

from device.exchange.server.administration import add_accounts
from device.exchange.server.clock import Clock
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.run import serve
from device.exchange.wire import API, User

HERE = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "correct horse"
USERS = {"door": "Front door", "ana": "Ana", "ben": "Ben Okafor", "eve": "Eve"}
ADMIN = User("ada", "Ada")
WAIT_MS = 20_000

BARE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
FAKE_DEVICES = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
PLAYS_BY_ITSELF = "--autoplay-policy=no-user-gesture-required"

Visit = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and is_async_test(item):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass
class RunningExchange:
    """A real exchange on loopback, in this process; may be stopped and started again."""

    config: ExchangeConfig
    clock: Clock | None = None
    url: str = ""
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def start(self) -> None:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(
            serve(self.config, lambda url, _: ready.set_result(url), clock=self.clock)
        )
        waiting: set[asyncio.Future[Any]] = {ready, self._task}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()
        self.url = ready.result()
        # A restart must find the same port.
        self.config = replace(self.config, port=int(self.url.rsplit(":", 1)[1]))

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as started:
        yield started


Launch = Callable[[Sequence[str]], Awaitable[Browser]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """One for the whole run; its camera and microphone are simulated and always allowed."""
    flags = (*BARE, FAKE_DEVICES, ALLOWED, PLAYS_BY_ITSELF)
    launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(flags))
    yield launched
    await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def launch(playwright: Playwright) -> AsyncIterator[Launch]:
    """Starts a browser of one's own, with these flags beside BARE; closed after the test."""
    launched = []

    async def start(flags: Sequence[str]) -> Browser:
        args = [*BARE, *flags]
        launched.append(await playwright.chromium.launch(executable_path=CHROMIUM, args=args))
        return launched[-1]

    yield start
    for each in launched:
        await each.close()


@pytest.fixture
def gone_after_s() -> float:
    """How long a member may be away; a test may want it short."""
    return 15.0


@pytest.fixture
def max_members() -> int:
    """How many fit into a session; a test may want fewer."""
    return 4


@pytest.fixture
def clock() -> Clock | None:
    """The exchange's; None: the event loop's. A test may want to turn it by hand."""
    return None


@pytest_asyncio.fixture(loop_scope="session")
async def exchange(
    tmp_path: Path, gone_after_s: float, max_members: int, clock: Clock | None
) -> AsyncIterator[RunningExchange]:
    """An exchange with a data folder of its own, and the accounts of USERS and of ADMIN."""
    people = [User(uid, name) for uid, name in USERS.items() if uid != "door"]
    users = [*people, User("door", USERS["door"], kind="unit")]
    await add_accounts(tmp_path, dict.fromkeys(users, PASSWORD))
    await add_accounts(tmp_path, {ADMIN: PASSWORD}, role="admin")
    config = ExchangeConfig(
        tmp_path, port=0, tls=False, gone_after_s=gone_after_s, max_members=max_members
    )
    running = RunningExchange(config, clock)
    await running.start()
    yield running
    await running.stop()


class Complaints:
    """What a page complained of: defects of its scripts, and what its policy blocked. A refused
    request is no defect: the page answers it in words."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("console", self._take)

    def _take(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.said.append(message.text)


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser, exchange: RunningExchange, complaints: Complaints
) -> AsyncIterator[Visit]:
    """``await visit("ana")``: a page of a browser of Ana's own, in the lobby; ``visit(None)``: not
    signed in. Further arguments are Playwright's for the context; ``using`` is another browser.
    After the test no page may have complained."""
    contexts: list[BrowserContext] = []

    async def open_page(uid: str | None, using: Browser = browser, **options: Any) -> Page:
        context = await using.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = await context.new_page()
        complaints.watch(page)
        await page.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (e) => console.error('blocked by policy:', e.violatedDirective, e.blockedURI))"
        )
        if uid is not None:
            account = {"uid": uid, "password": PASSWORD}
            answer = await context.request.post(
                f"{exchange.url}{API}/sign-in", data=account, headers={"X-Callbox": "1"}
            )
            assert answer.ok, await answer.text()
        await page.goto(exchange.url)
        await page.wait_for_selector("#session" if uid else "#uid")
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert complaints.said == []


async def sign_in(page: Page, uid: str, password: str = PASSWORD) -> None:
    await page.fill("#uid", uid)
    await page.fill("#password", password)
    await page.get_by_role("button", name="Sign in").click()


async def go(page: Page, address: str) -> None:
    """To the page of an address such as "#/log"."""
    await page.evaluate("(address) => { location.hash = address; }", address)


async def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until the focus is there; what cannot be come to so is a defect."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError("Tab does not come to it")


async def join(page: Page, session: str, kind: str = "Video") -> None:
    """From the lobby into a session by name; ``kind`` is the button's."""
    await page.fill("#session", session)
    await page.get_by_role("button", name=kind, exact=True).click()
    await page.wait_for_selector(".call")


async def press(page: Page, label: str) -> None:
    """A control of the call; it may have faded."""
    await page.mouse.move(100, 300)
    await page.mouse.move(110, 310)
    await page.get_by_role("button", name=label, exact=True).click()


async def until(page: Page, function: str, wanted: Any) -> None:
    """Waits until this function of the page, which may be async, comes to this. Playwright's own
    wait_for_function takes whatever an async one promises for true."""
    loop = f"""async (wanted) => {{
      const look = {function};
      while (JSON.stringify(await look()) !== JSON.stringify(wanted)) {{
        await new Promise((done) => setTimeout(done, 50));
      }}
    }}"""
    async with asyncio.timeout(WAIT_MS / 1000):
        await page.evaluate(loop, wanted)


async def until_linked(page: Page, uid: str) -> None:
    """The media link to another is up."""
    await page.wait_for_selector(f'.tile[data-uid="{uid}"][data-link="up"]')


_INBOUND = """
async ([uid, kind]) => {
  const { app } = await import("/web/app.js");
  const link = app.session?.links.links.get(uid);
  for (const item of (await link?.pc.getStats())?.values() ?? []) {
    if (item.type === "inbound-rtp" && item.kind === kind) return item;
  }
  return null;
}
"""


async def inbound(page: Page, uid: str, kind: str) -> dict[str, Any]:
    """What the page's browser counted of another's "audio" or "video" so far."""
    counted: dict[str, Any] | None = await page.evaluate(_INBOUND, [uid, kind])
    return counted or {}


_REACHED = """
async ([uid, kind, least]) => {
  const { app } = await import("/web/app.js");
  for (;;) {
    const link = app.session?.links.links.get(uid);
    for (const item of (await link?.pc.getStats())?.values() ?? []) {
      if (item.type !== "inbound-rtp" || item.kind !== kind) continue;
      if (Object.entries(least).every(([name, value]) => item[name] >= value)) return item;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}
"""


async def until_inbound(page: Page, uid: str, kind: str, **least: float) -> dict[str, Any]:
    """Waits until these counts of another's media have reached these values; all counts."""
    async with asyncio.timeout(WAIT_MS / 1000):
        counted: dict[str, Any] = await page.evaluate(_REACHED, [uid, kind, least])
    return counted


async def add_stamp_reader(page: Page) -> None:
    """Makes ``import("/test/stamp.js")`` work in the page, under its own policy."""
    text = (HERE / "stamp.js").read_text()
    await page.route(
        "**/test/stamp.js", lambda route: route.fulfill(body=text, content_type="text/javascript")
    )
