"""One connection to one file, and its transactions."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from device.errors import ConfigError
from device.exchange.server.store.sqlite.schema import begin_run, bring_up_to_date

Row = tuple[Any, ...]


class Connection:
    """Runs statements at once. ``close`` it."""

    def __init__(self, path: Path, boot: str) -> None:
        """Makes what is missing; ``boot``: see ``begin_run``.

        Raises ConfigError when the folder or file cannot be used.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None)
            try:
                self._prepare(boot)
                path.chmod(0o600)
            except BaseException:
                self._db.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"The exchange cannot use {path}: {error}. Check that the folder is writable and "
                "the disk is not full, or choose another with --data."
            ) from error
        self._owner: asyncio.Task[Any] | None = None

    def _prepare(self, boot: str) -> None:
        self._db.execute("pragma journal_mode = wal")
        # A power cut may undo the last moments, never more; a card's fsync would stop the loop.
        self._db.execute("pragma synchronous = normal")
        self._db.execute("pragma foreign_keys = on")
        bring_up_to_date(self._db)
        begin_run(self._db, boot)

    def close(self) -> None:
        """Idempotent."""
        self._db.close()

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._db.execute(statement, values)

    def rows(self, query: str, *values: Any) -> list[Row]:
        return self._db.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> Row | None:
        row: Row | None = self._db.execute(query, values).fetchone()
        return row

    def foreign_version(self) -> int:
        """Another one after each commit of another connection (pragma data_version)."""
        ((version,),) = self.rows("pragma data_version")
        return int(version)

    def many(self, statement: str, values: list[Row]) -> None:
        self._db.executemany(statement, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if self._db.in_transaction:
            # Another task here would have its statements undone with ours.
            assert asyncio.current_task() is self._owner, "a transaction was suspended"
            yield
            return
        self._db.execute("begin immediate")
        self._owner = asyncio.current_task()
        try:
            yield
            self._db.execute("commit")
        except BaseException:
            with suppress(sqlite3.OperationalError):  # a full disk may have undone it already
                self._db.execute("rollback")
            raise
