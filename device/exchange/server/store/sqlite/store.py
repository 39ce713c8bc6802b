"""The store that is one SQLite file."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from device.exchange.server.store.sqlite.accounts import SqliteAccounts
from device.exchange.server.store.sqlite.call_log import SqliteCallLog
from device.exchange.server.store.sqlite.calls import SqliteCalls
from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.server.store.sqlite.devices import SqliteDevices
from device.exchange.server.store.sqlite.directory import SqliteDirectory
from device.exchange.server.store.sqlite.enrolments import SqliteEnrolments
from device.exchange.server.store.sqlite.links import SqliteLinks
from device.exchange.server.store.sqlite.members import SqliteMembers
from device.exchange.server.store.sqlite.queues import SqliteQueues

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOOK_EVERY_S = 0.25
"""A look takes some microseconds: SQLite keeps the number in memory that both processes share."""


class SqliteStore:
    """See store.protocol.Store. Used from one thread; ``aclose`` it."""

    def __init__(self, data_dir: Path, boot: str | None = None) -> None:
        """Makes what is missing. ``boot`` names the machine's run (default: the kernel's word for it).

        Raises ConfigError when the folder or file cannot be used.
        """
        self._db = Connection(data_dir / "exchange.db", boot or BOOT_ID.read_text().strip())
        self._version = self._db.foreign_version()
        self.accounts = SqliteAccounts(self._db)
        self.enrolments = SqliteEnrolments(self._db)
        self.links = SqliteLinks(self._db)
        self.members = SqliteMembers(self._db)
        self.devices = SqliteDevices(self._db)
        self.directory = SqliteDirectory(self._db)
        self.queues = SqliteQueues(self._db)
        self.calls = SqliteCalls(self._db)
        self.call_log = SqliteCallLog(self._db)

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._db.transaction()

    async def changed_elsewhere(self) -> None:
        before = self._version
        while self._version == before:
            await asyncio.sleep(LOOK_EVERY_S)
            self._version = self._db.foreign_version()

    async def aclose(self) -> None:
        self._db.close()
