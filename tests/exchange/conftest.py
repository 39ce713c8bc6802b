import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pytest

from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.run import serve
from device.exchange.server.store import Store
from device.exchange.wire import User

PASSWORD = "correct horse"
UIDS = ("door", "ana", "ben", "eve", "fay")


@dataclass
class Wall:
    """The exchange's wall clock, turned by hand."""

    now_s: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


class RunningExchange:
    """A real exchange on loopback, in this process; may be stopped and started again."""

    def __init__(self, config: ExchangeConfig, wall: Wall) -> None:
        self.config = config
        self.wall = wall
        self.url = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def certificate(self) -> Path | None:
        return self.config.data_dir / "exchange.pem" if self.config.tls else None

    async def start(self) -> None:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(serve(self.config, lambda url, _: ready.set_result(url)))
        await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
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

    def address(self, uid: str) -> ExchangeAddress:
        return ExchangeAddress(self.url, uid, PASSWORD, self.certificate)


@lru_cache
def _database() -> bytes:
    """An exchange's database with its users; hashing passwords takes its time, so it is made once."""
    with tempfile.TemporaryDirectory() as folder:
        _add_users(Path(folder))
        return (Path(folder) / "exchange.db").read_bytes()


def add_users(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "exchange.db").write_bytes(_database())


def _add_users(data_dir: Path) -> None:
    store = Store(data_dir)
    for uid in UIDS:
        kind: Literal["unit", "person"] = "unit" if uid == "door" else "person"
        store.add_user(User(uid, uid.capitalize(), kind=kind), PASSWORD)
    store.close()


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


@pytest.fixture
async def impatient_accounts(tmp_path: Path) -> AsyncIterator[dict[str, ExchangeAccount]]:
    """At an exchange that gives up on the absent at once."""
    wall = Wall()
    config = ExchangeConfig(
        tmp_path / "impatient", port=0, tls=False, wall_s=wall, gone_after_s=0.2
    )
    async with running(config, wall) as exchange, accounts_at(exchange) as made:
        yield made
