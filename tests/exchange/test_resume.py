"""Events over broken connections: nothing lost, nothing twice, in order."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.session.facts import (
    ExchangeLost,
    ExchangeRestored,
    PeerJoined,
    RemovedFromSession,
    SignalReceived,
)
from device.session.values import EndReason, Signal, SignalKind
from tests.exchange.conftest import PASSWORD, RunningExchange
from tests.exchange.members import Member, enter

SIGNALS = 120


class CuttingProxy:
    """Passes TCP on to the exchange and cuts every connection after so many bytes of answers."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port = port
        self._chance = chance
        self.cuts = 0
        self.is_cutting = False
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        up = asyncio.create_task(self._pass(reader, up_writer))
        try:
            await self._pass(up_reader, writer, self._chance.randrange(300, 1500))
        finally:
            up.cancel()
            writer.close()
            up_writer.close()
            self._tasks.discard(task)

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limit: int | None = None,
    ) -> None:
        passed = 0
        while data := await reader.read(97):
            passed += len(data) if self.is_cutting else 0
            writer.write(data)
            await writer.drain()
            if limit is not None and passed > limit:
                self.cuts += 1
                return


async def at_once(_: float) -> None:
    """The client's back-off, without the waiting."""
    await asyncio.sleep(0)


@pytest.fixture
async def proxied(
    exchange: RunningExchange,
) -> AsyncIterator[tuple[CuttingProxy, ExchangeAccount]]:
    proxy = CuttingProxy(int(exchange.url.rsplit(":", 1)[1]), random.Random(7))
    port = await proxy.start()
    address = ExchangeAddress(f"http://127.0.0.1:{port}", "door", PASSWORD)
    account = ExchangeAccount(address, sleep=at_once)
    yield proxy, account
    await account.aclose()
    await proxy.close()


async def send(sender: Member, count: int) -> None:
    for number in range(count):
        await sender.call.send_signal(Signal("door", str(number + 1), SignalKind.CANDIDATE, ""))


async def received(receiver: Member, count: int) -> list[str]:
    return [(await receiver.next(SignalReceived)).signal.link for _ in range(count)]


async def test_nothing_is_lost_or_repeated_over_cut_connections(
    proxied: tuple[CuttingProxy, ExchangeAccount], accounts: dict[str, ExchangeAccount]
) -> None:
    proxy, account = proxied
    door = await enter(account)
    await door.call._stop_listening()
    proxy.is_cutting = True
    door.call._listening = asyncio.create_task(door.call._listen())
    ana = await enter(accounts["ana"])
    await send(ana, SIGNALS)
    assert await received(door, SIGNALS) == [str(number + 1) for number in range(SIGNALS)]
    assert proxy.cuts >= 5
    proxy.is_cutting = False
    for member in (door, ana):
        await member.call.leave()


async def test_a_restart_of_the_exchange_keeps_the_session(exchange: RunningExchange) -> None:
    accounts = {uid: ExchangeAccount(exchange.address(uid), at_once) for uid in ("door", "ana")}
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    await door.next(PeerJoined)
    await exchange.stop()
    await door.next(ExchangeLost)
    await exchange.start()
    assert (await door.next(ExchangeRestored)).lost_for_s > 0
    await send(ana, 3)
    assert await received(door, 3) == ["1", "2", "3"]
    for member in (door, ana):
        await member.call.leave()
    for account in accounts.values():
        await account.aclose()


async def test_who_asks_for_events_no_longer_kept_is_out(
    accounts: dict[str, ExchangeAccount],
) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    await door.call._stop_listening()
    door.call._last_event = 0
    await send(ana, 510)
    door.call._listening = asyncio.create_task(door.call._listen())
    assert await door.next(RemovedFromSession) == RemovedFromSession(EndReason.CONNECTION_LOST)
    for member in (door, ana):
        await member.call.leave()


async def test_a_second_stream_ends_the_first(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    door = await enter(accounts["door"])
    first = door.call._events()
    assert await anext(first) is None
    second = door.call._events()
    assert await anext(second) is None
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(first), 10)
    await second.aclose()
    await door.call.leave()
