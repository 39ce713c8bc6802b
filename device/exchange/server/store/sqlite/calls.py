"""Ringing calls in SQLite. See store.protocol.Calls."""

from dataclasses import astuple
from typing import Any

from device.exchange.server.ringing.values import Call, Party, Standing, Status
from device.exchange.server.store.sqlite import call_log
from device.exchange.server.store.sqlite.connection import Connection, Row

_CALL = (
    "select session_id, call_type, receiver_type, receiver, status, initiated_at, joined_at, ended_at, "
    "receiver_name from calls "
)
_PARTIES = (
    "select uid, standing, device, joined_at, left_at, away_since, name, kind from parties "
    "where session_id = ? order by position"
)


class SqliteCalls:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def put(self, call: Call) -> None:
        async with self._db.transaction():
            self._db.run(
                "insert into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set "
                "status = excluded.status, joined_at = excluded.joined_at, "
                "ended_at = excluded.ended_at",
                call.session_id, call.call_type, call.receiver_type, call.receiver,
                call.status.value, call.initiated_at, call.joined_at, call.ended_at,
                call.receiver_name,
            )  # fmt: skip
            rows: list[Row] = [
                (call.session_id, position, party.uid, party.standing.value, *astuple(party)[2:])
                for position, party in enumerate(call.parties)
            ]
            self._db.many(
                "insert or replace into parties values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            call_log.write(self._db, call)

    async def get(self, session_id: str) -> Call | None:
        found = self._calls("where session_id = ?", session_id)
        return found[0] if found else None

    async def live(self) -> list[Call]:
        return self._calls("where ended_at is null order by initiated_at")

    async def live_of(self, uid: str) -> list[Call]:
        return self._calls(
            "where session_id in (select session_id from parties where uid = ? "
            "and standing in ('calling', 'ringing', 'joined')) order by initiated_at",
            uid,
        )

    def _calls(self, clause: str, *values: Any) -> list[Call]:
        return [self._call(row) for row in self._db.rows(_CALL + clause, *values)]

    def _call(self, row: Row) -> Call:
        session_id, call_type, receiver_type, receiver, status, initiated_at, *rest = row
        parties = tuple(
            Party(uid, Standing(standing), *more)
            for uid, standing, *more in self._db.rows(_PARTIES, session_id)
        )
        return Call(
            session_id, call_type, receiver_type, receiver, Status(status), initiated_at, parties,
            *rest,
        )  # fmt: skip
