"""Pairing codes in SQLite. See store.protocol.Enrolments."""

from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.server.store.values import Enrolment

KEPT_S = 86_400
"""After its end, so that who comes too late is told that."""


class SqliteEnrolments:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def put(self, enrolment: Enrolment, now: float) -> None:
        async with self._db.transaction():
            self._db.run(
                "delete from enrolments where expires_at < ? or uid = ?",
                now - KEPT_S, enrolment.uid,
            )  # fmt: skip
            self._db.run(
                "insert into enrolments (key, uid, name, session_id, expires_at) values (?, ?, ?, ?, ?)",
                enrolment.key, enrolment.uid, enrolment.name, enrolment.session_id,
                enrolment.expires_at,
            )  # fmt: skip

    async def get(self, key: bytes) -> Enrolment | None:
        row = self._db.row(
            "select key, uid, name, session_id, expires_at, attempt from enrolments where key = ?",
            key,
        )
        return None if row is None else Enrolment(*row)

    async def redeem(self, key: bytes, attempt: bytes) -> None:
        self._db.run("update enrolments set attempt = ? where key = ?", attempt, key)
