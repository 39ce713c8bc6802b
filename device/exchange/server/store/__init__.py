"""What an exchange remembers, behind protocols; on one machine it is kept in SQLite."""

from device.exchange.server.store.protocol import (
    Accounts as Accounts,
)
from device.exchange.server.store.protocol import (
    CallLog as CallLog,
)
from device.exchange.server.store.protocol import (
    Calls as Calls,
)
from device.exchange.server.store.protocol import (
    Devices as Devices,
)
from device.exchange.server.store.protocol import (
    Directory as Directory,
)
from device.exchange.server.store.protocol import (
    Enrolments as Enrolments,
)
from device.exchange.server.store.protocol import (
    Links as Links,
)
from device.exchange.server.store.protocol import (
    Members as Members,
)
from device.exchange.server.store.protocol import (
    Queues as Queues,
)
from device.exchange.server.store.protocol import (
    Store as Store,
)
from device.exchange.server.store.secrets import digest as digest
from device.exchange.server.store.secrets import new_secret as new_secret
from device.exchange.server.store.sqlite import SqliteStore as SqliteStore
from device.exchange.server.store.values import (
    Account as Account,
)
from device.exchange.server.store.values import (
    Device as Device,
)
from device.exchange.server.store.values import (
    Enrolment as Enrolment,
)
from device.exchange.server.store.values import (
    Event as Event,
)
from device.exchange.server.store.values import (
    Group as Group,
)
from device.exchange.server.store.values import (
    Link as Link,
)
from device.exchange.server.store.values import (
    LogEntry as LogEntry,
)
from device.exchange.server.store.values import (
    LogFilter as LogFilter,
)
from device.exchange.server.store.values import (
    Login as Login,
)
from device.exchange.server.store.values import (
    LogPlace as LogPlace,
)
from device.exchange.server.store.values import (
    Member as Member,
)
from device.exchange.server.store.values import (
    Session as Session,
)
from device.exchange.server.store.values import (
    Visitor as Visitor,
)
