"""Numbered events in SQLite. See store.protocol.Queues."""

from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.server.store.values import Event

KEPT_EVENTS = 500
"""For each queue. Who is further behind has left."""


class SqliteQueues:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def post(self, key: bytes, name: str, data: str) -> None:
        async with self._db.transaction():
            row = self._db.row(
                "update queues set last_event = last_event + 1 where key = ? returning last_event",
                key,
            )
            if row is not None:
                (number,) = row
                self._db.run("insert into events values (?, ?, ?, ?)", key, number, name, data)
                gone = number - KEPT_EVENTS
                self._db.run("delete from events where key = ? and id <= ?", key, gone)

    async def after(self, key: bytes, number: int, limit: int) -> list[Event]:
        query = "select id, name, data from events where key = ? and id > ? order by id limit ?"
        return [Event(*row) for row in self._db.rows(query, key, number, limit)]

    async def bounds(self, key: bytes) -> tuple[int, int] | None:
        row = self._db.row(
            "select coalesce((select min(id) - 1 from events where key = ?1), last_event), last_event "
            "from queues where key = ?1",
            key,
        )
        return None if row is None else (row[0], row[1])
