"""The log of calls: what each party finds in it, its pages, and how long it is kept."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, closing, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import add_accounts, opened
from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing.call_log import LogBook, cursor_of, place_of
from device.exchange.server.ringing.values import Call, Party, Standing, Status
from device.exchange.server.store import Account, Group, LogFilter, LogPlace, SqliteStore, Store
from device.exchange.server.store.sqlite.call_log import page_of, page_of_all
from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.wire import API, CallLog, LogItem, User
from tests.exchange.admins import make_admin, refused, request
from tests.exchange.conftest import PASSWORD, RunningExchange, Wall
from tests.exchange.members import enter, signed_in
from tests.exchange.phones import Phone, phone

Accounts = dict[str, ExchangeAccount]
DAY_S = 24 * 3600.0


@pytest.fixture
async def phones(accounts: Accounts) -> AsyncIterator[dict[str, Phone]]:
    async with AsyncExitStack() as stack:
        yield {
            uid: await stack.enter_async_context(phone(accounts[uid]))
            for uid in ("door", "ana", "ben")
        }


class Reader:
    """Somebody who reads the log."""

    def __init__(self, http: httpx.AsyncClient, account: ExchangeAccount) -> None:
        self._http = http
        self._account = account

    async def ask(self, **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {await signed_in(self._account)}"}
        return await self._http.get(API + "/calls", params=query, headers=headers)

    async def page(self, **query: Any) -> CallLog:
        answer = await self.ask(**query)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=CallLog)

    async def seen(self, **query: Any) -> list[tuple[str, str]]:
        return [(item.direction, item.status) for item in (await self.page(**query)).calls]


@pytest.fixture
async def readers(
    exchange: RunningExchange, accounts: Accounts
) -> AsyncIterator[dict[str, Reader]]:
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False, timeout=30) as http:
        yield {uid: Reader(http, account) for uid, account in accounts.items()}


@pytest.mark.spec("8.call_log")
async def test_each_party_finds_the_call_as_it_was_for_them(
    exchange: RunningExchange,
    accounts: Accounts,
    phones: dict[str, Phone],
    readers: dict[str, Reader],
) -> None:
    call = await phones["door"].line.initiate("ana")
    exchange.wall.now_s += 3
    await phones["ana"].line.accept(call.session_id)
    await enter(accounts["door"], call.session_id)
    exchange.wall.now_s += 60
    (item,) = (await readers["ana"].page()).calls
    assert (item.status, item.duration_s) == ("ongoing", 60)
    await phones["ana"].line.end(call.session_id)
    exchange.wall.now_s += 60
    for uid, direction in (("door", "outgoing"), ("ana", "incoming")):
        (item,) = (await readers[uid].page()).calls
        assert (item.direction, item.status, item.duration_s) == (direction, "ended", 60)
        assert item.call.session_id == call.session_id
        began = call.initiated_at
        assert [
            (party.user.name, party.joined_at, party.left_at) for party in item.call.parties
        ] == [("Door", began + 3, began + 63), ("Ana", began + 3, began + 63)]
    assert await readers["ben"].seen() == []


Then = Callable[[dict[str, Phone], str, RunningExchange], Any]


async def unanswered(phones: dict[str, Phone], _: str, exchange: RunningExchange) -> None:
    exchange.wall.now_s += 46
    exchange.clock.turn(46)
    await phones["door"].news("unanswered")


@pytest.mark.spec("8.call_log")
@pytest.mark.parametrize(
    ("then", "caller", "receiver"),
    [
        (unanswered, "unanswered", "missed"),
        (lambda p, call, _: p["door"].line.cancel(call), "cancelled", "missed"),
        (lambda p, call, _: p["ana"].line.reject(call), "rejected", "rejected"),
    ],
)
async def test_a_call_that_was_not_answered(
    exchange: RunningExchange,
    phones: dict[str, Phone],
    readers: dict[str, Reader],
    then: Then,
    caller: str,
    receiver: str,
) -> None:
    call = await phones["door"].line.initiate("ana")
    await then(phones, call.session_id, exchange)
    assert await readers["door"].seen() == [("outgoing", caller)]
    assert await readers["ana"].seen() == [("incoming", receiver)]
    (item,) = (await readers["ana"].page()).calls
    assert (item.duration_s, item.call.status) == (None, caller)


@pytest.mark.spec("8.call_log")
async def test_who_was_in_a_call_was_busy_and_who_wanted_peace_has_missed_it(
    exchange: RunningExchange, phones: dict[str, Phone], readers: dict[str, Reader]
) -> None:
    await phones["ana"].line.set_do_not_disturb(True)
    await phones["door"].line.initiate("ana")
    assert await readers["ana"].seen() == [("incoming", "missed")]
    assert await readers["door"].seen() == [("outgoing", "busy")]
    await phones["door"].line.initiate("ben")
    exchange.wall.now_s += 1
    await phones["ana"].line.initiate("door")
    assert await readers["door"].seen(limit=1) == [("incoming", "busy")]


async def test_of_a_group_who_neither_answered_nor_refused_has_missed_the_call(
    exchange: RunningExchange, phones: dict[str, Phone], readers: dict[str, Reader]
) -> None:
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "The family", ("ana", "ben")))
    call = await phones["door"].line.initiate("family", "group")
    await phones["ana"].line.accept(call.session_id)
    await phones["ana"].line.end(call.session_id)
    assert await readers["ana"].seen() == [("incoming", "ended")]
    assert await readers["ben"].seen() == [("incoming", "missed")]


@pytest.mark.spec("8.call_log")
async def test_of_a_group_who_refused_or_was_busy_finds_that_though_others_answered(
    exchange: RunningExchange,
    accounts: Accounts,
    phones: dict[str, Phone],
    readers: dict[str, Reader],
) -> None:
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "The family", ("ana", "ben", "eve", "fay")))
    async with phone(accounts["eve"]) as eve, phone(accounts["fay"]):
        theirs = await eve.line.initiate("door")
        await phones["door"].line.accept(theirs.session_id)
        exchange.wall.now_s += 1
        call = await phones["ben"].line.initiate("family", "group")
        await phones["ana"].line.reject(call.session_id)
        assert await readers["fay"].seen() == [("incoming", "initiated")]
        await (
            accounts["fay"]
            .new_line("one", await signed_in(accounts["fay"]))
            .accept(call.session_id)
        )
        exchange.wall.now_s += 60
        for status in ("ongoing", "ended"):
            for uid, own in (("ana", "rejected"), ("eve", "busy")):
                found = (await readers[uid].page(limit=1)).calls[0]
                assert (found.call.status, found.status, found.duration_s) == (status, own, None)
                same = await readers[uid].page(status=own)
                assert [each.call.session_id for each in same.calls] == [call.session_id]
                assert ("incoming", status) not in await readers[uid].seen(status=status)
            for uid in ("ben", "fay"):
                assert (await readers[uid].page()).calls[0].duration_s == 60
            await phones["ben"].line.clear_active_call()


@pytest.mark.spec("8.call_log")
async def test_names_stay_when_accounts_and_groups_go(
    exchange: RunningExchange, phones: dict[str, Phone], readers: dict[str, Reader]
) -> None:
    await phones["door"].line.initiate("ana")
    await phones["door"].line.clear_active_call()
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "The family", ("ana", "ben")))
    exchange.wall.now_s += 1
    await phones["ben"].line.initiate("family", "group")
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.remove("door")
        await store.accounts.remove_group("family")
    group, single = (await readers["ana"].page()).calls
    assert group.call.receiver_name == "The family"
    assert single.call.parties[0].user == User(" door", "Door", kind="unit")


@pytest.mark.spec("8.call_log")
async def test_who_comes_under_the_id_of_another_does_not_find_their_calls(
    exchange: RunningExchange,
    accounts: Accounts,
    phones: dict[str, Phone],
    readers: dict[str, Reader],
) -> None:
    await make_admin(exchange, "fay")
    await phones["ben"].line.initiate("ana")
    await phones["ben"].line.clear_active_call()
    exchange.wall.now_s += 1
    to_ben = await phones["ana"].line.initiate("ben")
    await phones["ana"].line.clear_active_call()
    exchange.wall.now_s += 1
    group = {"name": "Family", "members": ["ana", "ben"]}
    await request(exchange, accounts["fay"], "PUT", "/groups/family", group)
    running = (await phones["door"].line.initiate("family", "group")).session_id
    for uid in ("ana", "ben"):
        await phones[uid].line.accept(running)

    removed = await request(exchange, accounts["fay"], "DELETE", "/people/ben")
    assert removed.status_code == 204
    body = {"name": "Benjamin", "password": PASSWORD}
    await request(exchange, accounts["fay"], "PUT", "/people/ben", body)
    again = await accounts["ben"].sign_in()
    for path in (f"/calls/{to_ben.session_id}", f"/calls/{running}"):
        late = await request(exchange, None, "GET", path, bearer=again)
        assert refused(late) == (403, "not_in_call")
    found = await request(exchange, None, "GET", "/calls", bearer=again)
    assert found.json()["calls"] == []

    # The others' call has gone on, and they find the names of then.
    await phones["ana"].line.end(running)
    in_group, outgoing, incoming = (await readers["ana"].page()).calls
    assert [party.standing for party in in_group.call.parties] == 3 * ["left"]
    assert in_group.call.parties[2].user.name == "Ben"
    assert (outgoing.call.receiver_name, outgoing.call.parties[1].user.name) == ("Ben", "Ben")
    assert incoming.call.parties[0].user.name == "Ben"
    exchange.wall.now_s += 1
    line = accounts["ben"].new_line("new", again)
    await line.register()
    assert (await line.initiate("ana")).parties[0].user.name == "Benjamin"
    assert await readers["ana"].seen(user="ben") == [("incoming", "initiated")]


@pytest.mark.spec("8.call_log")
async def test_filters(
    exchange: RunningExchange, phones: dict[str, Phone], readers: dict[str, Reader]
) -> None:
    await phones["door"].line.initiate("ana", call_type="audio")
    await phones["door"].line.clear_active_call()
    exchange.wall.now_s += 1
    call = await phones["ben"].line.initiate("ana")
    await phones["ana"].line.reject(call.session_id)
    exchange.wall.now_s += 1
    await phones["ana"].line.initiate("door")
    ana = readers["ana"]
    missed, rejected, going = (
        ("incoming", "missed"),
        ("incoming", "rejected"),
        ("outgoing", "initiated"),
    )
    assert await ana.seen() == [going, rejected, missed]
    assert await ana.seen(status="missed") == [missed]
    assert await ana.seen(call_type="video") == [going, rejected]
    assert await ana.seen(direction="incoming") == [rejected, missed]
    assert await ana.seen(user="door") == [going, missed]
    assert await ana.seen(user="ana") == [going, rejected, missed]
    assert await ana.seen(user="door", direction="incoming", status="missed") == [missed]
    assert await ana.seen(user="nobody") == []


async def test_an_admin_sees_everybodys_calls_and_nobody_else_does(
    exchange: RunningExchange, phones: dict[str, Phone], readers: dict[str, Reader]
) -> None:
    await phones["door"].line.initiate("ana")
    await phones["door"].line.clear_active_call()
    exchange.wall.now_s += 1
    await phones["ben"].line.initiate("ana")
    assert refused(await readers["eve"].ask(everyone=True)) == (403, "not_permitted")
    await add_accounts(exchange.config.data_dir, {User("fay", "Fay"): PASSWORD}, "admin")
    fay = readers["fay"]
    assert await fay.seen() == []
    assert await fay.seen(everyone=True) == [("outgoing", "initiated"), ("outgoing", "cancelled")]
    assert await fay.seen(everyone=True, status="cancelled") == [("outgoing", "cancelled")]
    assert await fay.seen(everyone=True, user="ana", status="missed") == [("incoming", "missed")]
    first = await fay.page(everyone=True, limit=1)
    assert await fay.seen(everyone=True, cursor=first.next_cursor) == [("outgoing", "cancelled")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "x"}, "cursor_invalid"),
        ({"cursor": "\u00e9"}, "cursor_invalid"),
        ({"cursor": cursor_of(LogPlace(1.0, "x"))[:-2]}, "cursor_invalid"),
        ({"cursor": "x" * 600}, "body_invalid"),
        ({"limit": 0}, "body_invalid"),
        ({"limit": 101}, "body_invalid"),
        ({"status": "lost"}, "body_invalid"),
        ({"call_type": "fax"}, "body_invalid"),
        ({"direction": "sideways"}, "body_invalid"),
        ({"user": ""}, "body_invalid"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    readers: dict[str, Reader], query: dict[str, Any], code: str
) -> None:
    answer = await readers["ana"].ask(**query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_without_an_account_there_is_no_log(exchange: RunningExchange) -> None:
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False, timeout=30) as http:
        for headers, code in (
            ({}, "auth_token_empty"),
            ({"Authorization": "Bearer x"}, "auth_token_refused"),
        ):
            answer = await http.get(API + "/calls", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, code)


@given(
    st.text(max_size=60) | st.floats(allow_nan=True).map(lambda at: cursor_of(LogPlace(at, "x")))
)
def test_any_cursor_is_a_place_or_refused(cursor: str) -> None:
    with suppress(Refusal):
        place = place_of(cursor)
        assert place_of(cursor_of(place)).session_id == place.session_id


def call_of(number: int, began: float, *, is_over: bool = True, caller: str = "door") -> Call:
    others = [uid for uid in ("door", "ana") if uid != caller]
    parties = [Party(uid, Standing.MISSED) for uid in others]
    return Call(
        f"call-{number}", "audio" if number % 3 else "video", "user", others[0],
        Status.CANCELLED if is_over else Status.INITIATED, began,
        (Party(caller, Standing.LEFT if is_over else Standing.CALLING), *parties),
        ended_at=began + 1 if is_over else None,
    )  # fmt: skip


async def people(store: Store) -> None:
    for uid in ("door", "ana", "ben"):
        await store.accounts.put(Account(User(uid, uid), "no password"))


def book_of(store: Store, wall: Wall, keep: int = 100, keep_days: int | None = None) -> LogBook:
    return LogBook(store, wall, keep, keep_days)


times = st.integers(0, 5).map(float)


@settings(max_examples=60, deadline=None)
@given(
    before=st.lists(times, max_size=25),
    pages=st.lists(st.lists(times, max_size=3), max_size=30),
    limit=st.integers(1, 6),
    wanted=st.builds(
        LogFilter,
        call_type=st.none() | st.just("audio"),
        user=st.none() | st.sampled_from(["door", "ana"]),
    ),
    everyone=st.booleans(),
)
def test_every_call_comes_exactly_once_whatever_is_added_meanwhile(
    before: list[float], pages: list[list[float]], limit: int, wanted: LogFilter, everyone: bool
) -> None:
    """Even many at the same moment, and new ones that an altered clock dates back."""

    async def read(folder: Path) -> None:
        async with aclosing(SqliteStore(folder)) as store:
            await people(store)
            made = [call_of(number, began) for number, began in enumerate(before)]
            for call in made:
                await store.calls.put(call)
            book, cursor = book_of(store, Wall()), None
            items: list[LogItem] = []
            number, later = len(made), iter(pages)
            while True:
                page = await book.page(None if everyone else "ana", wanted, cursor, limit)
                assert len(page.calls) <= limit
                items += page.calls
                cursor = page.next_cursor
                if cursor is None:
                    break
                for began in next(later, []):
                    await store.calls.put(call_of(number, began))
                    number += 1
            ids = [item.call.session_id for item in items]
            assert len(ids) == len(set(ids))
            expected = {
                call.session_id for call in made if wanted.call_type in (None, call.call_type)
            }
            assert expected <= set(ids)
            keys = [(item.call.initiated_at, item.call.session_id) for item in items]
            assert keys == sorted(keys, reverse=True)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(read(Path(folder)))


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """SQLite counts no rows: what it plans for an empty file it plans for a full one."""
    with closing(Connection(tmp_path_factory.mktemp("plans") / "exchange.db", "first")) as made:
        yield made


MIDDLE = LogPlace(50_000, "x")
ALL = LogFilter(status="rejected", call_type="audio", direction="incoming")


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (page_of("ana", LogFilter(), None, 51), "PRIMARY KEY (uid=?)"),
        (page_of("ana", LogFilter(), MIDDLE, 51), "PRIMARY KEY (uid=? AND (initiated_at,session_id)<"),
        (page_of("ana", ALL, MIDDLE, 51), "log_by_status (uid=? AND status=? AND (initiated_at,s"),
        (page_of("ana", LogFilter(direction="incoming"), MIDDLE, 51),
         "PRIMARY KEY (uid=? AND (initiated_at,session_id)<"),
        (page_of("ana", LogFilter(user="ben"), MIDDLE, 51),
         "other USING PRIMARY KEY (uid=? AND (initiated_at,session_id)<"),
        (page_of_all(LogFilter(), None, 51), "USING COVERING INDEX log_of_all"),
        (page_of_all(LogFilter(status="busy"), MIDDLE, 51), "INDEX log_of_all"),
    ],
)  # fmt: skip
def test_no_page_of_a_long_log_is_sorted_or_searched_row_by_row(
    db: Connection, asked: tuple[str, list[Any]], index: str
) -> None:
    query, values = asked
    plan = [row[3] for row in db.rows(f"explain query plan {query}", *values)]
    assert any(index in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
    db.rows(query, *values)


def test_the_past_does_not_slow_down_who_looks_for_live_calls(db: Connection) -> None:
    live = "standing in ('calling', 'ringing', 'joined')"
    query = f"explain query plan select session_id from parties where uid = ? and {live}"
    plan = [row[3] for row in db.rows(query, "ana")]
    assert plan == ["SEARCH parties USING INDEX parties_live (uid=?)"]


async def test_of_more_than_are_to_be_kept_the_oldest_go_and_live_ones_stay(tmp_path: Path) -> None:
    async with aclosing(SqliteStore(tmp_path)) as store:
        await people(store)
        for number in range(250):
            await store.calls.put(call_of(number, float(number), is_over=number != 3))
        book = book_of(store, Wall(), keep=20)
        assert await book.forget_some()
        while await book.forget_some():
            pass
        left = (await book.page("ana", LogFilter(), None, 100)).calls
        assert [item.call.session_id for item in left] == [
            f"call-{number}" for number in range(249, 230, -1)
        ] + ["call-3"]
        assert await store.calls.get("call-5") is None


async def test_nothing_is_too_old_unless_a_setting_says_so(tmp_path: Path) -> None:
    wall = Wall()
    async with aclosing(SqliteStore(tmp_path)) as store:
        await people(store)
        for days in range(10):
            await store.calls.put(call_of(days, wall.now_s - days * DAY_S))
        assert not await book_of(store, wall).forget_some()
        assert len((await book_of(store, wall).page(None, LogFilter(), None, 50)).calls) == 10
        book = book_of(store, wall, keep_days=5)
        assert not await book.forget_some()
        left = (await book.page(None, LogFilter(), None, 50)).calls
        assert [item.call.session_id for item in left] == [f"call-{days}" for days in range(6)]
