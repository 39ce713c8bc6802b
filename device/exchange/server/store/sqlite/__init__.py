"""The store on one machine: one SQLite file, one connection, used from one thread.

Statements are run where they stand, without a worker thread: each takes some ten microseconds, and a
transaction that is never suspended can meet no other.
"""

from device.exchange.server.store.sqlite.store import SqliteStore as SqliteStore
