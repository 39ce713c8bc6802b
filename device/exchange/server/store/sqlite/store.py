"""The store that is one SQLite file."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from device.exchange.server.store.sqlite.accounts import SqliteAccounts
from device.exchange.server.store.sqlite.calls import SqliteCalls
from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.server.store.sqlite.devices import SqliteDevices
from device.exchange.server.store.sqlite.directory import SqliteDirectory
from device.exchange.server.store.sqlite.enrolments import SqliteEnrolments
from device.exchange.server.store.sqlite.members import SqliteMembers
from device.exchange.server.store.sqlite.queues import SqliteQueues


class SqliteStore:
    """See store.protocol.Store. Used from one thread; ``aclose`` it."""

    def __init__(self, data_dir: Path) -> None:
        """Makes what is missing. Raises ConfigError when the folder or file cannot be used."""
        self._db = Connection(data_dir / "exchange.db")
        self.accounts = SqliteAccounts(self._db)
        self.enrolments = SqliteEnrolments(self._db)
        self.members = SqliteMembers(self._db)
        self.devices = SqliteDevices(self._db)
        self.directory = SqliteDirectory(self._db)
        self.queues = SqliteQueues(self._db)
        self.calls = SqliteCalls(self._db)

    def transaction(self) -> AbstractAsyncContextManager[None]:
        return self._db.transaction()

    async def aclose(self) -> None:
        self._db.close()
