"""What an exchange remembers, behind protocols; on one machine it is kept in SQLite."""

from device.exchange.server.store.protocol import (
    Accounts as Accounts,
    CallLog as CallLog,
    Calls as Calls,
    Devices as Devices,
    Directory as Directory,
    Enrolments as Enrolments,
    Links as Links,
    Members as Members,
    Queues as Queues,
    Store as Store,
)
from device.exchange.server.store.secrets import digest as digest, new_secret as new_secret
from device.exchange.server.store.sqlite import SqliteStore as SqliteStore
from device.exchange.server.store.values import (
    Account as Account,
    Device as Device,
    Enrolment as Enrolment,
    Event as Event,
    Group as Group,
    Link as Link,
    LogEntry as LogEntry,
    LogFilter as LogFilter,
    Login as Login,
    LogPlace as LogPlace,
    Member as Member,
    Session as Session,
    Visitor as Visitor,
)
