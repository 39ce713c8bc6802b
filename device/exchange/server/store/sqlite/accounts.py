"""People, units, groups and who is signed in, in SQLite. See store.protocol.Accounts."""

import secrets
from typing import Any

from device.exchange.server.store.sqlite.connection import Connection, Row
from device.exchange.server.store.values import Account, Group, Login
from device.exchange.wire import User

_ACCOUNT = "select uid, name, avatar, kind, password, role from users "
_FORMER = " "
"""No account has a uid that begins so (passwords.check_user)."""


class SqliteAccounts:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def signing_key(self) -> bytes:
        self._db.run(
            "insert or ignore into meta values ('signing_key', ?)", secrets.token_bytes(32)
        )
        ((key,),) = self._db.rows("select value from meta where name = 'signing_key'")
        return bytes(key)

    async def put(self, account: Account) -> None:
        user = account.user
        async with self._db.transaction():
            self._db.run(
                "delete from auth_tokens where uid in "
                "(select uid from users where uid = ? and password <> ?)",
                user.uid, account.password_hash,
            )  # fmt: skip
            self._db.run(
                "insert into users (uid, name, avatar, kind, password, role) values (?, ?, ?, ?, ?, ?) "
                "on conflict (uid) do update set name = excluded.name, avatar = excluded.avatar, "
                "kind = excluded.kind, password = excluded.password, role = excluded.role",
                user.uid, user.name, user.avatar, user.kind, account.password_hash, account.role,
            )  # fmt: skip

    async def get(self, uid: str) -> Account | None:
        return _account(self._db.row(_ACCOUNT + "where uid = ?", uid))

    async def all(self) -> list[Account]:
        return [_as_account(row) for row in self._db.rows(_ACCOUNT + "order by name, uid")]

    async def remove(self, uid: str) -> bool:
        async with self._db.transaction():
            # With their queues their devices.
            self._db.run(
                "delete from queues where key in (select key from devices where uid = ?)", uid
            )
            self._disown(uid)
            return self._db.run("delete from users where uid = ?", uid).rowcount > 0

    async def add_auth_token(self, key: bytes, uid: str, expires_at: int, now: float) -> None:
        async with self._db.transaction():
            self._db.run("delete from auth_tokens where expires_at <= ?", now)
            self._db.run("insert into auth_tokens values (?, ?, ?)", key, uid, expires_at)

    async def signed_in(self, key: bytes, now: float) -> Login | None:
        query = (
            "select uid, name, avatar, kind, password, role, expires_at "
            "from users join auth_tokens using (uid) where hash = ? and expires_at > ?"
        )
        row = self._db.row(query, key, now)
        return None if row is None else Login(_as_account(row[:-1]), row[-1])

    async def drop_auth_token(self, key: bytes) -> None:
        self._db.run("delete from auth_tokens where hash = ?", key)

    async def withdraw(self, uid: str) -> None:
        async with self._db.transaction():
            self._db.run("delete from auth_tokens where uid = ?", uid)
            self._db.run(
                "insert into generations values (?, 1) "
                "on conflict do update set generation = generation + 1",
                uid,
            )

    async def generation(self, uid: str) -> int:
        row = self._db.row("select generation from generations where uid = ?", uid)
        return 0 if row is None else int(row[0])

    async def use_call_token(self, token_id: str, expires_at: int, now: float) -> bool:
        async with self._db.transaction():
            self._db.run("delete from used_tokens where expires_at < ?", now)
            statement = "insert or ignore into used_tokens values (?, ?)"
            return self._db.run(statement, token_id, expires_at).rowcount == 1

    async def put_group(self, group: Group) -> None:
        async with self._db.transaction():
            self._db.run(
                "insert into groups values (?, ?) on conflict do update set name = excluded.name",
                group.group_id, group.name,
            )  # fmt: skip
            self._db.run("delete from group_members where group_id = ?", group.group_id)
            self._db.many(
                "insert into group_members select ?, uid from users where uid = ?",
                [(group.group_id, uid) for uid in group.members],
            )

    async def group(self, group_id: str) -> Group | None:
        found = self._groups("where group_id = ?", group_id)
        return found[0] if found else None

    async def groups(self) -> list[Group]:
        return self._groups("order by name, group_id")

    async def remove_group(self, group_id: str) -> bool:
        return self._db.run("delete from groups where group_id = ?", group_id).rowcount > 0

    def _disown(self, uid: str) -> None:
        """The calls of who goes stay in the others' logs, with the names of then. They are not those
        of who is added again under the same uid."""
        former = _FORMER + uid
        self._db.run(
            "update calls set receiver = ?1 where receiver_type = 'user' and receiver = ?2 "
            "and session_id in (select session_id from parties where uid = ?2)",
            former, uid,
        )  # fmt: skip
        for table in ("parties", "log"):
            self._db.run(f"update {table} set uid = ? where uid = ?", former, uid)

    def _groups(self, clause: str, *values: Any) -> list[Group]:
        return [
            Group(group_id, name, self._members(group_id))
            for group_id, name in self._db.rows(f"select * from groups {clause}", *values)
        ]

    def _members(self, group_id: str) -> tuple[str, ...]:
        query = "select uid from group_members where group_id = ? order by uid"
        return tuple(uid for (uid,) in self._db.rows(query, group_id))


def _account(row: Row | None) -> Account | None:
    return None if row is None else _as_account(row)


def _as_account(row: Row) -> Account:
    *user, password, role = row
    return Account(User(*user), password, role)
