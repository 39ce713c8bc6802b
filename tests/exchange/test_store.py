"""The store that is one SQLite file: its age, its transactions, its queues."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from pathlib import Path

import pytest

from device.errors import ConfigError
from device.exchange.server.ringing.values import Call, Party, Standing, Status
from device.exchange.server.store import (
    Account,
    Device,
    Group,
    LogFilter,
    Login,
    Session,
    SqliteStore,
    Store,
)
from device.exchange.server.store.sqlite.queues import KEPT_EVENTS
from device.exchange.server.store.sqlite.schema import VERSION
from device.exchange.wire import State, User

ANA = Account(User("ana", "Ana"), "no password")

# What callbox wrote before its files had a version.
OLD = """
create table meta (name text primary key, value blob not null);
create table users (
  uid text primary key, name text not null, avatar text, kind text not null, password text not null);
create table auth_tokens (
  hash blob primary key, uid text not null references users on delete cascade, expires_at int not null);
create table used_tokens (jti text primary key, expires_at int not null);
create table sessions (
  session_id text primary key, audio_only int not null, video_requested_by text, last_seq int not null);
create table members (
  hash blob primary key, session_id text not null references sessions on delete cascade,
  uid text not null, name text not null, avatar text, kind text not null, grants text not null,
  seq int not null, audio_muted int not null, video_paused int not null, last_event int not null,
  unique (session_id, uid));
create table events (
  hash blob not null references members on delete cascade, id int not null, name text not null,
  data text not null, primary key (hash, id)) without rowid;
insert into meta values ('signing_key', x'0123');
insert into users values ('ana', 'Ana', null, 'person', 'a hash');
insert into auth_tokens values (x'aa', 'ana', 100);
insert into sessions values ('hall', 0, null, 1);
insert into members values (x'bb', 'hall', 'ana', 'Ana', null, 'person', 'publish', 1, 0, 0, 1);
insert into events values (x'bb', 1, 'joined', '{}');
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with aclosing(SqliteStore(tmp_path)) as made:
        yield made


async def test_an_older_file_keeps_its_accounts_and_drops_its_sessions(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "exchange.db")) as db:
        db.executescript(OLD)
    for _ in range(2):  # the second time it is of today
        async with aclosing(SqliteStore(tmp_path)) as store:
            assert await store.accounts.signing_key() == b"\x01\x23"
            ana = Account(User("ana", "Ana"), "a hash", "member")
            assert await store.accounts.signed_in(b"\xaa", 99.0) == Login(ana, 100)
            assert await store.members.all() == []


async def test_an_older_log_becomes_what_each_party_finds(tmp_path: Path) -> None:
    async with aclosing(SqliteStore(tmp_path)) as store:
        await store.accounts.put(ANA)
        parties = [Party("ben", Standing.LEFT, name="Ben")]
        for uid, standing in (("ana", Standing.REJECTED), ("eve", Standing.LEFT)):
            parties.append(Party(uid, standing, name=uid.capitalize()))
        call = Call("call", "video", "group", "family", Status.ENDED, 1.0, tuple(parties), 2.0, 3.0)
        await store.calls.put(call)
    with closing(sqlite3.connect(tmp_path / "exchange.db")) as db:
        # As it was: every party found the call's own status, and who is no more kept their uid.
        db.execute("update log set status = 'ended'")
        db.execute(f"pragma user_version = {VERSION - 1}")
        db.commit()
    async with aclosing(SqliteStore(tmp_path)) as store:
        found = {uid: await store.call_log.of(uid, LogFilter(), None, 9) for uid in _LOGS}
        assert {uid: [entry.status for entry in log] for uid, log in found.items()} == _LOGS
        kept = await store.calls.get("call")
        assert kept is not None
        assert [(each.uid, each.name) for each in kept.parties] == [
            (" ben", "Ben"), ("ana", "Ana"), (" eve", "Eve")
        ]  # fmt: skip


_LOGS = {"ana": ["rejected"], "ben": [], "eve": [], " ben": ["ended"], " eve": ["ended"]}


async def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "exchange.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma user_version = {VERSION + 1}")
    with pytest.raises(ConfigError, match="newer callbox"):
        SqliteStore(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select count(*) from sqlite_master").fetchone() == (0,)


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "exchange.db").write_text("this is no database, and long enough to be seen as such")
    with pytest.raises(ConfigError, match="not a database"):
        SqliteStore(tmp_path)


async def test_a_transaction_that_fails_leaves_nothing_and_none_open(
    store: Store, tmp_path: Path
) -> None:
    async def fail() -> None:
        async with store.transaction():
            await store.accounts.put(ANA)
            async with store.transaction():
                for _ in range(2):
                    await store.devices.add(Device(b"key", "ana", "one"))

    with pytest.raises(sqlite3.IntegrityError):
        await fail()
    assert (await store.accounts.all(), await store.devices.all()) == ([], [])
    async with aclosing(SqliteStore(tmp_path)) as other:
        await other.accounts.put(ANA)
    assert await store.accounts.get("ana") == ANA


async def test_a_transaction_that_is_suspended_is_a_defect(store: Store) -> None:
    is_in, may_go = asyncio.Event(), asyncio.Event()

    async def suspended() -> None:
        async with store.transaction():
            is_in.set()
            await may_go.wait()

    first = asyncio.create_task(suspended())
    await is_in.wait()
    with pytest.raises(AssertionError):
        async with store.transaction():
            pass
    may_go.set()
    await first


async def test_a_queue_keeps_the_newest_events(store: Store) -> None:
    await store.accounts.put(ANA)
    await store.devices.add(Device(b"key", "ana", "one"))
    assert await store.queues.bounds(b"key") == (0, 0)
    for number in range(KEPT_EVENTS + 3):
        await store.queues.post(b"key", "news", str(number))
    assert await store.queues.bounds(b"key") == (3, KEPT_EVENTS + 3)
    assert [event.data for event in await store.queues.after(b"key", 4, 2)] == ["4", "5"]
    await store.queues.post(b"nobody's", "news", "x")
    assert await store.queues.bounds(b"nobody's") is None


async def test_a_session_is_there_while_somebody_is_in_it(store: Store) -> None:
    state = State(audio_muted=True, video_paused=False)
    await store.members.put_session(Session("hall", True, None))
    ana = await store.members.add(b"a", "hall", ANA.user, state, ("publish", "record"))
    ben = await store.members.add(b"b", "hall", User("ben", "Ben"), state, ())
    assert (ana.seq, ben.seq) == (1, 2)
    assert await store.members.of_session("hall") == [ana, ben]
    await store.members.remove(ana)
    assert await store.members.session("hall") == Session("hall", True, None)
    assert await store.queues.bounds(ana.key) is None
    await store.members.remove(ben)
    assert await store.members.session("hall") is None


async def test_who_is_removed_is_out_of_their_groups_and_devices(store: Store) -> None:
    await store.accounts.put(ANA)
    await store.accounts.add_auth_token(b"token", "ana", 100, 0.0)
    await store.accounts.put_group(Group("family", "Family", ("ana", "nobody")))
    assert await store.accounts.groups() == [Group("family", "Family", ("ana",))]
    await store.devices.add(Device(b"key", "ana", "one"))
    assert await store.accounts.remove("ana")
    assert not await store.accounts.remove("ana")
    assert await store.accounts.group("family") == Group("family", "Family", ())
    assert await store.devices.all() == []
    assert await store.queues.bounds(b"key") is None
    assert await store.accounts.signed_in(b"token", 1.0) is None
    assert await store.accounts.remove_group("family")
    assert not await store.accounts.remove_group("family")


async def test_after_the_machine_restarted_no_number_comes_again(tmp_path: Path) -> None:
    """What was told in the last moments before a power cut may be gone from the file."""
    async with aclosing(SqliteStore(tmp_path, "first")) as store:
        await store.accounts.put(ANA)
        await store.devices.add(Device(b"key", "ana", "one"))
        await store.queues.post(b"key", "news", "1")
    async with aclosing(SqliteStore(tmp_path, "first")) as store:
        assert await store.queues.bounds(b"key") == (0, 1)
    for _ in range(2):
        async with aclosing(SqliteStore(tmp_path, "second")) as store:
            gone, newest = await store.queues.bounds(b"key") or (0, 0)
            assert gone == newest > 100_000
