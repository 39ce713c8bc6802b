"""The store that is one SQLite file."""

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from device.errors import ConfigError
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
BOOT_ID_IN = "CALLBOX_BOOT_ID"
"""Where the unit of systemd has it from systemd: a hardened service does not see the file."""
LOOK_EVERY_S = 0.25
"""A look takes some microseconds: SQLite keeps the number in memory that both processes share."""


class SqliteStore:
    """See store.protocol.Store. Used from one thread; ``aclose`` it."""

    def __init__(self, data_dir: Path, boot: str | None = None) -> None:
        """Makes what is missing. ``boot`` names the machine's run (default: its boot id).

        Raises ConfigError when the folder or file cannot be used.
        """
        self._db = Connection(data_dir / "exchange.db", boot or _boot_id())
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


def _boot_id() -> str:
    """Raises ConfigError."""
    try:
        return (os.environ.get(BOOT_ID_IN) or BOOT_ID.read_text()).strip().replace("-", "")
    except OSError as error:
        raise ConfigError(
            f"The exchange cannot tell whether this machine was restarted: {error}. Set {BOOT_ID_IN} "
            "to something that changes whenever it is."
        ) from error
