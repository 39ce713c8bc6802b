"""Visitors' links in SQLite. See store.protocol.Links."""

from device.exchange.server.store.sqlite.connection import Connection, Row
from device.exchange.server.store.values import Link, Visitor
from device.exchange.wire import User

_LINK = "select link_id, links.key, links.name, receiver_type, receiver, expires_at from links "


class SqliteLinks:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def put(self, link: Link) -> None:
        self._db.run(
            "insert into links values (?, ?, ?, ?, ?, ?)",
            link.link_id, link.key, link.name, link.receiver_type, link.receiver, link.expires_at,
        )  # fmt: skip

    async def get(self, link_id: str) -> Link | None:
        return _link(self._db.row(_LINK + "where link_id = ?", link_id))

    async def by_key(self, key: bytes) -> Link | None:
        return _link(self._db.row(_LINK + "where links.key = ?", key))

    async def all(self) -> list[Link]:
        return [Link(*row) for row in self._db.rows(_LINK + "order by expires_at, link_id")]

    async def remove(self, link_id: str) -> None:
        self._db.run("delete from links where link_id = ?", link_id)

    async def add_visitor(self, key: bytes, visitor: Visitor, most: int) -> None:
        async with self._db.transaction():
            self._db.run(
                "insert into visitors (uid, name, link_id, key) values (?, ?, ?, ?)",
                visitor.user.uid, visitor.user.name, visitor.link.link_id, key,
            )  # fmt: skip
            self._db.run(
                "delete from visitors where link_id = ?1 and uid not in (select uid from devices) "
                "and uid not in (select uid from members) and uid not in "
                "(select uid from parties where standing in ('calling', 'ringing', 'joined')) "
                "and number <= (select number from visitors where link_id = ?1 "
                "order by number desc limit 1 offset ?2)",
                visitor.link.link_id, most,
            )  # fmt: skip

    async def visitor(self, key: bytes) -> Visitor | None:
        row = self._db.row(
            "select uid, visitors.name, link_id from visitors where visitors.key = ?", key
        )
        if row is None:
            return None
        uid, name, link_id = row
        link = await self.get(link_id)
        return None if link is None else Visitor(_user(uid, name), link)

    async def visitors(self, link_id: str) -> list[str]:
        return [
            uid for (uid,) in self._db.rows("select uid from visitors where link_id = ?", link_id)
        ]

    async def drop_visitor(self, key: bytes) -> None:
        self._db.run("delete from visitors where key = ?", key)

    async def named(self, uid: str) -> User | None:
        row = self._db.row("select uid, name from visitors where uid = ?", uid)
        return None if row is None else _user(*row)


def _link(row: Row | None) -> Link | None:
    return None if row is None else Link(*row)


def _user(uid: str, name: str) -> User:
    return User(uid, name, kind="visitor")
