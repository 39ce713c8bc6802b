"""Whom one can call, and who is there, as people see it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from device.exchange.client import ExchangeAccount
from device.exchange.client.http import events
from device.exchange.server.administration import opened
from device.exchange.server.bus import LocalBus
from device.exchange.server.directory.board import Board
from device.exchange.server.directory.desk import MAX_WATCHERS, PAUSE_S, DirectoryDesk
from device.exchange.server.errands import Errands
from device.exchange.server.store import Account, Device, Group, SqliteStore, Store, digest
from device.exchange.wire import API, Contact, Directory, Presence, User
from tests.exchange.conftest import HandClock, RunningExchange
from tests.exchange.members import signed_in, until
from tests.exchange.phones import phone

Accounts = dict[str, ExchangeAccount]


@pytest.fixture
async def http(exchange: RunningExchange) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False, timeout=30) as client:
        yield client


async def look(
    exchange: RunningExchange, http: httpx.AsyncClient, account: ExchangeAccount
) -> Directory:
    """A directory that is not that of a moment ago."""
    exchange.clock.turn(PAUSE_S)
    headers = {"Authorization": f"Bearer {await signed_in(account)}"}
    answer = await http.get(API + "/directory", headers=headers)
    assert answer.status_code == 200
    return msgspec.json.decode(answer.content, type=Directory)


def availability(directory: Directory) -> dict[str, str]:
    return {contact.user.uid: contact.availability for contact in directory.contacts}


async def test_everybody_but_oneself_is_in_it_with_what_a_call_would_meet(
    exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "Family", ("ana", "ben")))
        await store.accounts.put_group(Group("empty", "Nobody", ()))
    async with (
        phone(accounts["door"]) as door,
        phone(accounts["ana"]) as ana,
        phone(accounts["ben"]),
        phone(accounts["eve"]) as eve,
    ):
        await eve.line.set_do_not_disturb(True)
        await door.line.initiate("ana")
        seen = await look(exchange, http, accounts["ben"])
        assert availability(seen) == {
            "ana": "reachable", "door": "in_call", "eve": "do_not_disturb", "fay": "offline",
        }  # fmt: skip
        assert [(group.group_id, group.members) for group in seen.groups] == [
            ("family", ["ana", "ben"]), ("empty", []),
        ]  # fmt: skip
        assert seen.contacts[1].user == User("door", "Door", kind="unit")
        call = await ana.news("incoming")
        await ana.line.accept(call.session_id)
        await eve.line.set_do_not_disturb(False)
        seen = await look(exchange, http, accounts["fay"])
        assert availability(seen) == {
            "ana": "in_call", "ben": "reachable", "door": "in_call", "eve": "reachable",
        }  # fmt: skip
        await ana.line.end(call.session_id)
        seen = await look(exchange, http, accounts["door"])
        assert availability(seen)["ana"] == "reachable"


async def test_visitors_are_not_in_it(
    exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    async with opened(exchange.config.data_dir) as store:
        visitor = msgspec.convert(
            {"uid": "visitor-1", "name": "Somebody"}, type=User
        )  # of a kind that is not known everywhere
        object.__setattr__(visitor, "kind", "visitor")
        await store.accounts.put(Account(visitor, "no password"))
    assert "visitor-1" not in availability(await look(exchange, http, accounts["ana"]))


@pytest.mark.parametrize("path", ["/directory", "/directory/events"])
async def test_it_is_for_those_who_are_signed_in(http: httpx.AsyncClient, path: str) -> None:
    for headers, code in (
        ({}, "auth_token_empty"),
        ({"Authorization": "Bearer x"}, "auth_token_refused"),
    ):
        answer = await http.get(API + path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)


class Watch:
    """A page that watches the directory."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[int, str, str]] = asyncio.Queue()

    async def directory(self) -> Directory:
        name, data = await self._next()
        assert name == "directory"
        return msgspec.json.decode(data, type=Directory)

    async def presence(self) -> Presence:
        name, data = await self._next()
        assert name == "presence"
        return msgspec.json.decode(data, type=Presence)

    async def _next(self) -> tuple[str, str]:
        async with asyncio.timeout(10):
            _, *event = await self.told.get()
        return event[0], event[1]

    async def listen(self, http: httpx.AsyncClient, token: str, after: int) -> None:
        async with aclosing(events(http, "/directory/events", token, after, 15)) as heard:
            async for event in heard:
                if event is not None and event.number is not None:
                    self.told.put_nowait((event.number, event.name, event.data))


@asynccontextmanager
async def watching(
    http: httpx.AsyncClient, account: ExchangeAccount, after: int = 0
) -> AsyncIterator[tuple[Watch, asyncio.Task[None]]]:
    watch = Watch()
    listening = asyncio.create_task(watch.listen(http, await signed_in(account), after))
    try:
        yield watch, listening
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_watcher_is_told_what_changes_and_of_many_changes_the_last(
    exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    async with watching(http, accounts["ben"]) as (watch, _):
        assert availability(await watch.directory())["ana"] == "offline"
        async with phone(accounts["ana"]) as ana, phone(accounts["ben"]):
            await until(lambda: exchange.clock.pending == 1)
            exchange.clock.turn(PAUSE_S)
            assert await watch.presence() == Presence("ana", "reachable")
            for on in (True, False, True):
                await ana.line.set_do_not_disturb(on)
            exchange.clock.turn(PAUSE_S)
            assert await watch.presence() == Presence("ana", "do_not_disturb")
        assert watch.told.empty()


async def test_whoever_comes_again_has_all_of_it_with_a_number_that_goes_on(
    accounts: Accounts, http: httpx.AsyncClient
) -> None:
    async with watching(http, accounts["ben"], after=7) as (watch, _):
        async with asyncio.timeout(10):
            number, name, _data = await watch.told.get()
        assert (number, name) == (8, "directory")


async def test_who_is_signed_out_is_told_nothing_more(
    exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    async with watching(http, accounts["ben"]) as (watch, listening):
        await watch.directory()
        async with phone(accounts["ben"]):
            await until(lambda: exchange.clock.pending == 1)
            async with opened(exchange.config.data_dir) as store:
                await store.accounts.drop_auth_token(digest(await signed_in(accounts["ben"])))
            exchange.clock.turn(PAUSE_S)
            async with asyncio.timeout(4):  # and not with the next word that keeps the line warm
                await listening


async def test_the_exchange_stops_with_watchers_there(
    exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    async with watching(http, accounts["ben"]) as (watch, listening):
        await watch.directory()
        async with asyncio.timeout(10):
            await exchange.stop()
            await asyncio.gather(listening, return_exceptions=True)


MANY = 2000


@contextmanager
def counted(store: SqliteStore) -> Iterator[list[str]]:
    """The readings of the directory."""
    asked: list[str] = []
    read = store.directory.contacts

    async def contacts() -> list[Contact]:
        asked.append("contacts")
        return await read()

    store.directory.contacts = contacts  # type: ignore[method-assign]
    yield asked


async def crowd(store: Store) -> None:
    async with store.transaction():
        for number in range(MANY):
            await store.accounts.put(Account(User(f"unit-{number}", f"Unit {number}"), "none"))


async def test_all_units_come_back_at_once_and_the_directory_is_read_but_a_few_times(
    tmp_path: Path,
) -> None:
    async with aclosing(SqliteStore(tmp_path)) as store:
        await crowd(store)
        clock, errands = HandClock(), Errands()
        bus = LocalBus(clock, 15.0, errands)
        desk = DirectoryDesk(store, bus, clock, errands)

        async def may_watch() -> bool:
            return True

        with counted(store) as readings:
            watches = [desk.watch(f"unit-{number}", 0, 60.0, may_watch) for number in range(20)]
            for watch in watches:
                told = await anext(watch)
                assert told is not None
                assert [event.name for event in told] == ["directory"]
            async with store.transaction():
                for number in range(MANY):
                    uid = f"unit-{number}"
                    await store.devices.add(Device(uid.encode(), uid, "one"))
                    bus.announce(uid)
            for number in range(MANY):
                await desk.directory(f"unit-{number}")
            waiting = [asyncio.ensure_future(anext(watch)) for watch in watches]
            await asyncio.sleep(0)
            clock.turn(PAUSE_S)
            bursts = await asyncio.gather(*waiting)
            assert [len(burst or ()) for burst in bursts] == [MANY - 1] * len(watches)
            assert len(readings) == 2
        for watch in watches:
            await watch.aclose()
        await errands.aclose()


async def test_of_too_many_watchers_of_one_user_the_oldest_goes(tmp_path: Path) -> None:
    async with aclosing(SqliteStore(tmp_path)) as store:
        clock, errands = HandClock(), Errands()
        desk = DirectoryDesk(store, LocalBus(clock, 15.0, errands), clock, errands)

        async def may_watch() -> bool:
            return True

        watches = [desk.watch("ana", 0, 0.001, may_watch) for _ in range(MAX_WATCHERS + 1)]
        for watch in watches:
            await anext(watch)
        with pytest.raises(StopAsyncIteration):
            await anext(watches[0])
        assert await anext(watches[1]) is None
        for watch in watches:
            await watch.aclose()


def board_of(**availability: str) -> Directory:
    contacts = [
        msgspec.convert({"user": {"uid": uid, "name": uid}, "availability": each}, type=Contact)
        for uid, each in availability.items()
    ]
    return Directory(contacts, [])


def test_who_reads_slowly_is_told_what_counts_now_and_nothing_is_kept_for_them() -> None:
    board = Board()
    board.read(board_of(ana="offline", ben="offline"))
    seen = board.number
    for _ in range(1000):
        board.read(board_of(ana="reachable", ben="offline"))
        board.read(board_of(ana="in_call", ben="reachable"))
    assert board.news(seen, "eve") == [
        ("presence", '{"uid": "ana", "availability": "in_call"}'),
        ("presence", '{"uid": "ben", "availability": "reachable"}'),
    ]
    assert board.news(seen, "ana") == board.news(seen, "eve")[1:]
    assert board.news(board.number, "eve") == []
    board.read(board_of(ana="in_call"))
    assert [name for name, _ in board.news(seen, "eve")] == ["directory"]
    number = board.number
    board.read(board_of(ana="in_call"))
    assert board.number == number
