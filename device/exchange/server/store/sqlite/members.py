"""Sessions and their members in SQLite. See store.protocol.Members."""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from device.exchange.server.store.sqlite.connection import Connection, Row
from device.exchange.server.store.values import Member, Session
from device.exchange.wire import State, User

_MEMBER = (
    "select key, session_id, uid, name, avatar, kind, seq, audio_muted, video_paused, grants "
    "from members "
)


class SqliteMembers:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def session(self, session_id: str) -> Session | None:
        query = "select audio_only, video_requested_by from sessions where session_id = ?"
        row = self._db.row(query, session_id)
        return None if row is None else Session(session_id, bool(row[0]), row[1])

    async def put_session(self, session: Session) -> None:
        self._db.run(
            "insert into sessions (session_id, audio_only, video_requested_by) values (?, ?, ?) "
            "on conflict do update set audio_only = excluded.audio_only, "
            "video_requested_by = excluded.video_requested_by",
            *astuple(session),
        )

    async def add(
        self, key: bytes, session_id: str, user: User, state: State, grants: Sequence[str]
    ) -> Member:
        async with self._db.transaction():
            ((seq,),) = self._db.rows(
                "update sessions set last_seq = last_seq + 1 where session_id = ? "
                "returning last_seq",
                session_id,
            )
            self._db.run("insert into queues (key) values (?)", key)
            self._db.run(
                "insert into members values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                key, session_id, *astuple(user), seq, *astuple(state), " ".join(grants),
            )  # fmt: skip
        return Member(key, session_id, user, seq, state, tuple(grants))

    async def get(self, key: bytes) -> Member | None:
        found = self._members("where key = ?", key)
        return found[0] if found else None

    async def of_session(self, session_id: str) -> list[Member]:
        return self._members("where session_id = ? order by seq", session_id)

    async def of_user(self, uid: str) -> list[Member]:
        return self._members("where uid = ?", uid)

    async def all(self) -> list[Member]:
        return self._members("order by session_id, seq")

    async def set_state(self, key: bytes, state: State) -> None:
        self._db.run(
            "update members set audio_muted = ?, video_paused = ? where key = ?",
            *astuple(state), key,
        )  # fmt: skip

    async def void_tokens(self, session_id: str, uid: str, now: float, until: float) -> None:
        async with self._db.transaction():
            self._db.run("delete from void_tokens where until < ?", now)
            statement = "insert or replace into void_tokens values (?, ?, ?, ?)"
            self._db.run(statement, session_id, uid, now, until)

    async def tokens_void_since(self, session_id: str, uid: str) -> float | None:
        query = "select since from void_tokens where session_id = ? and uid = ?"
        row = self._db.row(query, session_id, uid)
        return None if row is None else float(row[0])

    async def remove(self, member: Member) -> None:
        async with self._db.transaction():
            self._db.run("delete from queues where key = ?", member.key)
            self._db.run(
                "delete from sessions where session_id = ?1 "
                "and not exists (select 1 from members where session_id = ?1)",
                member.session_id,
            )

    def _members(self, clause: str, *values: Any) -> list[Member]:
        return [_member(row) for row in self._db.rows(_MEMBER + clause, *values)]


def _member(row: Row) -> Member:
    key, session_id, uid, name, avatar, kind, seq, muted, paused, grants = row
    state = State(bool(muted), bool(paused))
    return Member(key, session_id, User(uid, name, avatar, kind), seq, state, tuple(grants.split()))
