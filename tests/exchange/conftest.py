import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pytest
import pytest_asyncio

from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.exchange.server.administration import add_accounts
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.run import serve
from device.exchange.wire import User

PASSWORD = "correct horse"
UIDS = ("door", "ana", "ben", "eve", "fay")


@dataclass
class Wall:
    """The exchange's wall clock, turned by hand."""

    now_s: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


class HandClock:
    """The exchange's monotonic clock, turned by hand."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        self._timers: list[HandTimer] = []

    def now_s(self) -> float:
        return self._now_s

    def call_at(self, when_s: float, callback: Callable[[], None]) -> "HandTimer":
        self._timers.append(timer := HandTimer(when_s, callback))
        return timer

    @property
    def pending(self) -> int:
        return sum(not timer.is_over for timer in self._timers)

    def turn(self, by_s: float) -> None:
        until_s = self._now_s + by_s
        while due := [t for t in self._timers if not t.is_over and t.when_s <= until_s]:
            timer = min(due, key=lambda each: each.when_s)
            self._now_s, timer.is_over = timer.when_s, True
            timer.callback()
        self._now_s = until_s


@dataclass
class HandTimer:
    when_s: float
    callback: Callable[[], None]
    is_over: bool = False

    def cancel(self) -> None:
        self.is_over = True


class RunningExchange:
    """A real exchange on loopback, in this process; may be stopped and started again."""

    def __init__(self, config: ExchangeConfig, wall: Wall) -> None:
        self.config = config
        self.wall = wall
        self.clock = HandClock()
        self.url = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def certificate(self) -> Path | None:
        return self.config.data_dir / "exchange.pem" if self.config.tls else None

    async def start(self) -> None:
        is_up = asyncio.Event()

        def ready(url: str, _: str | None) -> None:
            self.url = url
            is_up.set()

        self._task = asyncio.create_task(serve(self.config, ready, clock=self.clock))
        self._task.add_done_callback(lambda _: is_up.set())
        await is_up.wait()
        if self._task.done():
            self._task.result()
        # A restart must find the same port.
        self.config = replace(self.config, port=int(self.url.rsplit(":", 1)[1]))

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def address(self, uid: str) -> ExchangeAddress:
        return ExchangeAddress(self.url, uid, PASSWORD, self.certificate)


@lru_cache
def _database() -> bytes:
    """An exchange's database with its users; hashing passwords takes its time, so it is made once."""
    with tempfile.TemporaryDirectory() as folder:
        # Its own loop, off the test's.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(_add_users, Path(folder)).result()
        return (Path(folder) / "exchange.db").read_bytes()


def add_users(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "exchange.db").write_bytes(_database())


def _add_users(data_dir: Path) -> None:
    users = [
        User(uid, uid.capitalize(), kind="unit" if uid == "door" else "person") for uid in UIDS
    ]
    asyncio.run(add_accounts(data_dir, dict.fromkeys(users, PASSWORD)))


@asynccontextmanager
async def running(config: ExchangeConfig, wall: Wall) -> AsyncIterator[RunningExchange]:
    add_users(config.data_dir)
    exchange = RunningExchange(config, wall)
    await exchange.start()
    try:
        yield exchange
    finally:
        await exchange.stop()


@asynccontextmanager
async def accounts_at(exchange: RunningExchange) -> AsyncIterator[dict[str, ExchangeAccount]]:
    made = {uid: ExchangeAccount(exchange.address(uid)) for uid in UIDS}
    try:
        yield made
    finally:
        for account in made.values():
            await account.aclose()


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[RunningExchange]:
    wall = Wall()
    async with running(ExchangeConfig(tmp_path, port=0, tls=False, wall_s=wall), wall) as made:
        yield made


@pytest.fixture
async def accounts(exchange: RunningExchange) -> AsyncIterator[dict[str, ExchangeAccount]]:
    async with accounts_at(exchange) as made:
        yield made


@dataclass(frozen=True)
class Shared:
    """An exchange for the rows of a table: each enters a session, and leaves it."""

    exchange: RunningExchange
    accounts: dict[str, ExchangeAccount]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    wall = Wall()
    config = ExchangeConfig(tmp_path_factory.mktemp("shared"), port=0, tls=False, wall_s=wall)
    async with running(config, wall) as exchange, accounts_at(exchange) as made:
        yield Shared(exchange, made)
