"""What the exchange remembers, in SQLite: accounts, the signing key, sessions, events not yet seen.

One process, one connection, write-ahead log. Secrets are kept as SHA-256 (they are random, so that is
enough) and passwords as argon2id.
"""

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from device.errors import ConfigError
from device.exchange.wire import User

_SCHEMA = """
create table if not exists meta (name text primary key, value blob not null);
create table if not exists users (
  uid text primary key, name text not null, avatar text, kind text not null, password text not null);
create table if not exists auth_tokens (
  hash blob primary key, uid text not null references users on delete cascade, expires_at int not null);
create table if not exists used_tokens (jti text primary key, expires_at int not null);
create table if not exists sessions (
  session_id text primary key, audio_only int not null, video_requested_by text, last_seq int not null);
create table if not exists members (
  hash blob primary key, session_id text not null references sessions on delete cascade,
  uid text not null, name text not null, avatar text, kind text not null, grants text not null,
  seq int not null, audio_muted int not null, video_paused int not null, last_event int not null,
  unique (session_id, uid));
create table if not exists events (
  hash blob not null references members on delete cascade, id int not null, name text not null,
  data text not null, primary key (hash, id)) without rowid;
"""

PASSWORD_MINIMUM = 8
PASSWORD_MAXIMUM = 1024
_AVATAR = re.compile(r"[!-~]{1,1024}")
_NOT_SHOWN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
"""Control characters, and halves of characters."""


def _is_shown(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text == text.strip() and not _NOT_SHOWN.search(text)


def digest(secret: str) -> bytes:
    """How a random secret is kept."""
    return hashlib.sha256(secret.encode()).digest()


def new_secret() -> str:
    """256 random bits, in characters that fit a header."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Account:
    """A user and the hash of their password."""

    user: User
    password_hash: str


class Store:
    """The database. Used from one thread; ``close`` it."""

    def __init__(self, data_dir: Path) -> None:
        """Makes what is missing. Raises ConfigError when the folder or file cannot be used."""
        path = data_dir / "exchange.db"
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            # A power cut may undo the last moments, never more; a card's fsync would stop the loop.
            self._db.execute("pragma synchronous = normal")
            self._db.execute("pragma foreign_keys = on")
            self._db.executescript(_SCHEMA)
            path.chmod(0o600)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"The exchange cannot use {path}: {error}. Check that the folder is writable and "
                "the disk is not full, or choose another with --data."
            ) from error
        # The OWASP password storage cheat sheet's smaller profile: 19 MiB, which a 512 MB board has.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self._hasher.hash(new_secret())
        """What no password fits, so that an unknown user takes as long as a known one."""

    def close(self) -> None:
        """Idempotent."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing. Nested ones are part of the outermost."""
        if self._db.in_transaction:
            yield self._db
            return
        self._db.execute("begin immediate")
        try:
            yield self._db
            self._db.execute("commit")
        except BaseException:
            with suppress(sqlite3.OperationalError):  # a full disk may have undone it already
                self._db.execute("rollback")
            raise

    def read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._db.execute(query, values).fetchall()

    def signing_key(self) -> bytes:
        """The key of the call tokens; made once."""
        with self.transaction() as db:
            row = db.execute("select value from meta where name = 'signing_key'").fetchone()
            if row is None:
                key = secrets.token_bytes(32)
                db.execute("insert into meta values ('signing_key', ?)", (key,))
                return key
            return bytes(row[0])

    def add_user(self, user: User, password: str) -> None:
        """Add or replace an account; a replaced one is signed out everywhere.

        Raises ConfigError for a name that is empty, long or cannot be shown, an avatar that is not
        an address, or a password under 8 or over 1024 characters.
        """
        if not _is_shown(user.uid, 128) or not _is_shown(user.name, 256):
            raise ConfigError(
                "A user needs an id of 1 to 128 and a name of 1 to 256 characters that can be "
                "shown, without a space at either end."
            )
        if user.avatar is not None and not _AVATAR.fullmatch(user.avatar):
            raise ConfigError("An avatar is a URL or a path, of 1 to 1024 ASCII characters.")
        if not PASSWORD_MINIMUM <= len(password) <= PASSWORD_MAXIMUM:
            raise ConfigError(
                f"The password needs {PASSWORD_MINIMUM} to {PASSWORD_MAXIMUM} characters."
            )
        hashed = self._hasher.hash(password)
        with self.transaction() as db:
            db.execute("delete from auth_tokens where uid = ?", (user.uid,))
            db.execute(
                "insert or replace into users values (?, ?, ?, ?, ?)",
                (user.uid, user.name, user.avatar, user.kind, hashed),
            )

    def account(self, uid: str) -> Account | None:
        row = self._db.execute(
            "select uid, name, avatar, kind, password from users where uid = ?", (uid,)
        ).fetchone()
        return None if row is None else Account(User(*row[:4]), row[4])

    def password_fits(self, account: Account | None, password: str) -> bool:
        """Takes about 50 ms of CPU, whether the account is there or not: call it off the loop."""
        hashed = account.password_hash if account else self._nobody
        try:
            return self._hasher.verify(hashed, password) and account is not None
        except (VerifyMismatchError, InvalidHashError):
            return False

    def add_auth_token(self, uid: str, expires_at: int, now: int) -> str:
        """A new auth token; only its hash is kept. Forgets expired ones."""
        token = new_secret()
        with self.transaction() as db:
            db.execute("delete from auth_tokens where expires_at <= ?", (now,))
            db.execute("insert into auth_tokens values (?, ?, ?)", (digest(token), uid, expires_at))
        return token

    def user_of_auth_token(self, token: str, now: float) -> User | None:
        row = self._db.execute(
            "select uid, name, avatar, kind from users join auth_tokens using (uid) "
            "where hash = ? and expires_at > ?",
            (digest(token), now),
        ).fetchone()
        return None if row is None else User(*row)

    def drop_auth_token(self, token: str) -> None:
        with self.transaction() as db:
            db.execute("delete from auth_tokens where hash = ?", (digest(token),))

    def use_token(self, jti: str, expires_at: int, now: float) -> bool:
        """Mark a single-use token as used; False when it was before."""
        with self.transaction() as db:
            db.execute("delete from used_tokens where expires_at < ?", (now,))
            done = db.execute("insert or ignore into used_tokens values (?, ?)", (jti, expires_at))
            return done.rowcount == 1


@contextmanager
def opened(data_dir: Path) -> Iterator[Store]:
    """For the command line, beside an exchange that may be running. Raises ConfigError."""
    store = Store(data_dir)
    try:
        yield store
    except sqlite3.Error as error:
        raise ConfigError(
            f"The exchange's data in {data_dir} cannot be changed now: {error}. Try again."
        ) from error
    finally:
        store.close()
