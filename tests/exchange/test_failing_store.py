"""What is due while the store cannot be written, as with a full disk, is done once it can be again."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.exchange import wire
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.parts import Parts, make_parts
from device.exchange.server.ringing.device_desk import key_of
from device.exchange.server.ringing.values import Status
from device.exchange.server.store import Account, SqliteStore
from tests.exchange.conftest import HandClock, Wall


@dataclass
class House:
    """The parts of an exchange on a real database, with Door and Ana."""

    store: SqliteStore
    parts: Parts
    wall: Wall
    clock: HandClock

    @contextmanager
    def unwritable(self) -> Iterator[None]:
        """As a card is that the kernel has mounted read-only."""
        self.store._db.run("pragma query_only = on")
        yield
        self.store._db.run("pragma query_only = off")

    async def turn(self, by_s: float) -> None:
        """Time passes, and what that sets off is done."""
        self.wall.now_s += by_s
        self.clock.turn(by_s)
        await self.parts.errands.aclose()

    async def status(self, call: str) -> Status:
        found = await self.store.calls.get(call)
        assert found is not None
        return found.status


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with aclosing(SqliteStore(tmp_path)) as store:
        for uid in ("door", "ana"):
            await store.accounts.put(Account(wire.User(uid, uid), "no password"))
        wall, clock = Wall(), HandClock()
        config = ExchangeConfig(tmp_path, port=0, tls=False, wall_s=wall)
        made = House(store, await make_parts(config, store, clock), wall, clock)
        yield made
        await made.parts.aclose()


async def test_a_call_that_could_not_end_in_time_ends_as_soon_as_it_can(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as listening:
        for uid in ("door", "ana"):
            await house.parts.devices.register(uid, "one")
            listening.enter_context(house.parts.bus.listen(key_of(uid, "one")))
        wanted = wire.InitiateCall("ana", "one")
        call = (await house.parts.switchboard.initiate("door", wanted)).session_id
        with house.unwritable():
            await house.turn(45)
            await house.turn(1)
        assert await house.status(call) is Status.INITIATED
        assert [record.levelno for record in caplog.records] == 2 * [logging.ERROR]
        await house.turn(0.9)
        assert await house.status(call) is Status.INITIATED
        await house.turn(0.1)
        assert await house.status(call) is Status.UNANSWERED
        assert house.clock.pending == 0


async def test_a_device_that_could_not_be_forgotten_in_time_goes_as_soon_as_it_can(
    house: House,
) -> None:
    for uid in ("door", "ana"):
        await house.parts.devices.register(uid, "one")
    with house.unwritable():
        await house.turn(16)
    with house.parts.bus.listen(key_of("ana", "one")):  # who comes back meanwhile stays
        await house.turn(1)
        assert [each.uid for each in await house.store.devices.all()] == ["ana"]
    assert house.clock.pending == 1


async def test_an_exchange_that_stops_does_not_try_again(house: House) -> None:
    await house.parts.devices.register("ana", "one")
    await house.parts.devices.register("door", "one")
    await house.parts.switchboard.initiate("door", wire.InitiateCall("ana", "one"))
    with house.unwritable():
        house.clock.turn(45)
        await house.parts.aclose()
    assert house.clock.pending == 0
