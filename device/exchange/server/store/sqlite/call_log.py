"""Calls as people look them up, in SQLite. See store.protocol.CallLog."""

from typing import Any

from device.exchange.server.ringing.values import Call, Standing
from device.exchange.server.store.sqlite.connection import Connection, Row
from device.exchange.server.store.values import LogEntry, LogFilter, LogPlace

_ENTRY = "select log.initiated_at, log.session_id, log.direction, log.status from "
_BY_TIME = "order by log.initiated_at desc, log.session_id desc limit ?"
_WRITE = (
    "insert into log values (?, ?, ?, ?, ?, ?) on conflict do update set status = excluded.status "
    "where status <> excluded.status"
)
_OUTSIDE = {
    Standing.RINGING: "initiated",
    Standing.REJECTED: "rejected",
    Standing.BUSY: "busy",
    Standing.MISSED: "missed",
}


def write(db: Connection, call: Call) -> None:
    """What each party finds in their log: who was rung and is not in the call, how it went for them."""
    rows: list[Row] = []
    for party in call.parties:
        direction = "outgoing" if party.uid == call.initiator.uid else "incoming"
        status, began = call.status.value, call.initiated_at
        if direction == "incoming":
            status = _OUTSIDE.get(party.standing, status)
        rows.append((party.uid, began, call.session_id, direction, status, call.call_type))
    db.many(_WRITE, rows)


class SqliteCallLog:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def of(
        self, uid: str, wanted: LogFilter, before: LogPlace | None, limit: int
    ) -> list[LogEntry]:
        query, values = page_of(uid, wanted, before, limit)
        return [_entry(row) for row in self._db.rows(query, *values)]

    async def of_all(
        self, wanted: LogFilter, before: LogPlace | None, limit: int
    ) -> list[LogEntry]:
        query, values = page_of_all(wanted, before, limit)
        return [_entry(row) for row in self._db.rows(query, *values)]

    async def forget(self, begun_before: float | None, keep: int, at_most: int) -> int:
        async with self._db.transaction():
            ((kept,),) = self._db.rows("select count(*) from calls")
            oldest = self._db.rows(
                "select session_id, initiated_at from calls where ended_at is not null "
                "order by initiated_at limit ?",
                at_most,
            )
            gone: list[Row] = [
                (session_id,)
                for at, (session_id, initiated_at) in enumerate(oldest)
                if at < kept - keep or (begun_before is not None and initiated_at < begun_before)
            ]
            self._db.many(
                "delete from log where (uid, initiated_at, session_id) in (select uid, "
                "initiated_at, session_id from parties join calls using (session_id) "
                "where session_id = ?)",
                gone,
            )
            self._db.many("delete from calls where session_id = ?", gone)
            return len(gone)


def page_of(
    uid: str, wanted: LogFilter, before: LogPlace | None, limit: int
) -> tuple[str, list[Any]]:
    """The query for a user's calls, and its values."""
    if wanted.user is None or wanted.user == uid:
        clause, values = _conditions(wanted, before, "log")
        # SQLite would rather walk all of the log, for the sake of its order.
        table = "log" if wanted.status is None else "log indexed by log_by_status"
        return f"{_ENTRY} {table} where log.uid = ? {clause} {_BY_TIME}", [uid, *values, limit]
    # The other's log is the one that is walked: few calls with somebody are found among many.
    clause, values = _conditions(wanted, before, "other")
    query = (
        f"{_ENTRY} log as other cross join log on log.uid = ? "
        "and log.initiated_at = other.initiated_at and log.session_id = other.session_id "
        f"where other.uid = ? {clause} {_BY_TIME.replace('log.', 'other.')}"
    )
    return query, [uid, wanted.user, *values, limit]


def page_of_all(wanted: LogFilter, before: LogPlace | None, limit: int) -> tuple[str, list[Any]]:
    """The query for everybody's calls, and its values."""
    clause, values = _conditions(wanted, before, "log")
    return f"{_ENTRY} log where log.direction = 'outgoing' {clause} {_BY_TIME}", [*values, limit]


def _conditions(wanted: LogFilter, before: LogPlace | None, walked: str) -> tuple[str, list[Any]]:
    """Of the table that is ``walked`` by time."""
    conditions: list[tuple[str, list[Any]]] = [
        (f"and log.{name} = ?", [value])
        for name in ("status", "call_type", "direction")
        if (value := getattr(wanted, name)) is not None
    ]
    if before is not None:
        place = [before.initiated_at, before.session_id]
        conditions.append((f"and ({walked}.initiated_at, {walked}.session_id) < (?, ?)", place))
    values = [value for _, some in conditions for value in some]
    return " ".join(condition for condition, _ in conditions), values


def _entry(row: Row) -> LogEntry:
    initiated_at, session_id, direction, status = row
    return LogEntry(LogPlace(initiated_at, session_id), direction, status)
