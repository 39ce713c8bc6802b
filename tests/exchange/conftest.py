import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.run import serve
from device.exchange.server.store import Store
from device.exchange.wire import User

PASSWORD = "correct horse"


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


def add_users(data_dir: Path) -> None:
    store = Store(data_dir)
    for uid, name in (("door", "Front door"), ("ana", "Ana"), ("ben", "Ben"), ("eve", "Eve")):
        store.add_user(User(uid, name, kind="unit" if uid == "door" else "person"), PASSWORD)
    store.close()


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[RunningExchange]:
    add_users(tmp_path)
    wall = Wall()
    config = ExchangeConfig(tmp_path, port=0, tls=False, wall_s=wall)
    running = RunningExchange(config, wall)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def accounts(exchange: RunningExchange) -> AsyncIterator[dict[str, ExchangeAccount]]:
    made = {uid: ExchangeAccount(exchange.address(uid)) for uid in ("door", "ana", "ben", "eve")}
    yield made
    for account in made.values():
        await account.aclose()
