"""Numbered events in SQLite. See store.protocol.Queues."""

from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.server.store.values import Event
from device.exchange.wire import Reason

KEPT_EVENTS = 500
"""For each queue. Who is further behind has left."""
KEPT_DISMISSALS = 1000
"""Who listens learns of them within LOOK_EVERY_S."""


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

    async def put_dismissal(self, key: bytes, reason: Reason) -> None:
        async with self._db.transaction():
            statement = "insert or replace into dismissals (key, reason) values (?, ?)"
            newest = self._db.run(statement, key, reason).lastrowid or 0
            self._db.run("delete from dismissals where id <= ?", newest - KEPT_DISMISSALS)

    async def dismissal(self, key: bytes) -> Reason | None:
        row = self._db.row("select reason from dismissals where key = ?", key)
        return None if row is None else row[0]
