"""What an exchange needs of a place to remember. Every method may be used in a transaction or alone.

Nothing here presumes that there is one process: what must be so at once stands in one ``transaction``,
and what others must be told of goes through the Bus.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from device.exchange.server.ringing.values import Call
from device.exchange.server.store.values import (
    Account,
    Device,
    Enrolment,
    Event,
    Group,
    Link,
    LogEntry,
    LogFilter,
    Login,
    LogPlace,
    Member,
    Session,
    Visitor,
)
from device.exchange.wire import Contact, GroupItem, Reason, State, User


class Accounts(Protocol):
    """People, units, groups, and who is signed in. Times in Unix seconds."""

    async def signing_key(self) -> bytes:
        """The key of the call tokens, 32 bytes; made once."""
        ...

    async def put(self, account: Account) -> None:
        """Add or replace; one that gets another password is signed out everywhere."""
        ...

    async def get(self, uid: str) -> Account | None: ...

    async def all(self) -> list[Account]:
        """By name."""
        ...

    async def remove(self, uid: str) -> bool:
        """And whatever signed in with it. Past calls keep the name, under a uid that no account can
        have. False: there was none."""
        ...

    async def add_auth_token(self, key: bytes, uid: str, expires_at: int, now: float) -> None:
        """``key``: its digest. Forgets expired ones."""
        ...

    async def signed_in(self, key: bytes, now: float) -> Login | None:
        """Whose auth token that is, while it lasts."""
        ...

    async def drop_auth_token(self, key: bytes) -> None: ...

    async def withdraw(self, uid: str) -> None:
        """Drop the user's auth tokens, and begin the next generation of call tokens."""
        ...

    async def generation(self, uid: str) -> int:
        """Of the call tokens that are good. 0 at first; it outlives the account, so that who is added
        again under the same uid does not give life to what was taken from another."""
        ...

    async def use_call_token(self, token_id: str, expires_at: int, now: float) -> bool:
        """Mark a single-use call token as used; False when it was before. Forgets expired ones."""
        ...

    async def put_group(self, group: Group) -> None:
        """Add or replace; members who are no users are left out."""
        ...

    async def group(self, group_id: str) -> Group | None: ...

    async def groups(self) -> list[Group]:
        """By name."""
        ...

    async def remove_group(self, group_id: str) -> bool:
        """False: there was none."""
        ...


class Enrolments(Protocol):
    """Pairing codes of units. Times in Unix seconds."""

    async def put(self, enrolment: Enrolment, now: float) -> None:
        """In place of an earlier one for the same unit. Forgets those long over."""
        ...

    async def get(self, key: bytes) -> Enrolment | None: ...

    async def redeem(self, key: bytes, attempt: bytes) -> None:
        """It has been used, by this attempt."""
        ...


class Links(Protocol):
    """Visitors' links, and who has come by them."""

    async def put(self, link: Link) -> None: ...

    async def get(self, link_id: str) -> Link | None: ...

    async def by_key(self, key: bytes) -> Link | None: ...

    async def all(self) -> list[Link]:
        """The next to end first."""
        ...

    async def remove(self, link_id: str) -> None:
        """And forget who has come by it."""
        ...

    async def add_visitor(self, key: bytes, visitor: Visitor, most: int) -> None:
        """``key``: the digest of the auth token. Of more than ``most`` by the same link the first who
        have no device and are in no call or session are forgotten."""
        ...

    async def visitor(self, key: bytes) -> Visitor | None:
        """Whose auth token that is."""
        ...

    async def visitors(self, link_id: str) -> list[str]:
        """The uids of who has come by it."""
        ...

    async def drop_visitor(self, key: bytes) -> None:
        """Forget whose auth token that is."""
        ...

    async def named(self, uid: str) -> User | None:
        """A visitor, while the link lasts."""
        ...


class Members(Protocol):
    """Who is in which session. A session is there while somebody is in it."""

    async def session(self, session_id: str) -> Session | None: ...

    async def put_session(self, session: Session) -> None:
        """Add or replace."""
        ...

    async def add(
        self, key: bytes, session_id: str, user: User, state: State, grants: Sequence[str]
    ) -> Member:
        """Into a session that is there, with its next ``seq`` and a queue of its own."""
        ...

    async def get(self, key: bytes) -> Member | None: ...

    async def of_session(self, session_id: str) -> list[Member]:
        """By ``seq``."""
        ...

    async def of_user(self, uid: str) -> list[Member]: ...

    async def all(self) -> list[Member]:
        """By session and ``seq``."""
        ...

    async def set_state(self, key: bytes, state: State) -> None: ...

    async def void_tokens(self, session_id: str, uid: str, now: float, until: float) -> None:
        """Whatever call tokens the user has for the session now: none lives longer than ``until``.
        Unix seconds."""
        ...

    async def tokens_void_since(self, session_id: str, uid: str) -> float | None:
        """When that was; None: it was not, or not lately."""
        ...

    async def remove(self, member: Member) -> None:
        """And their queue; and the session, if nobody is left in it."""
        ...


class Devices(Protocol):
    """What rings for whom."""

    async def add(self, device: Device) -> None:
        """With a queue of its own."""
        ...

    async def get(self, key: bytes) -> Device | None: ...

    async def set_do_not_disturb(self, key: bytes, on: bool) -> bool:
        """False: there is no such device."""
        ...

    async def of_user(self, uid: str) -> list[Device]: ...

    async def all(self) -> list[Device]: ...

    async def remove(self, key: bytes) -> None:
        """And its queue."""
        ...


class Directory(Protocol):
    """Whom one can call: to be read only."""

    async def contacts(self) -> list[Contact]:
        """Every user but visitors, by name."""
        ...

    async def groups(self) -> list[GroupItem]:
        """By name."""
        ...


class Queues(Protocol):
    """Numbered events that a member or a device has yet to be told."""

    async def post(self, key: bytes, name: str, data: str) -> None:
        """Add an event; the oldest of more than KEPT_EVENTS goes. No such queue: nothing happens."""
        ...

    async def after(self, key: bytes, number: int, limit: int) -> list[Event]:
        """The next events after a number."""
        ...

    async def bounds(self, key: bytes) -> tuple[int, int] | None:
        """The numbers of the last event that is gone (0: none is) and the newest one.

        None: there is no such queue.
        """
        ...

    async def put_dismissal(self, key: bytes, reason: Reason) -> None:
        """Why a queue goes, for whom another process has it read. The newest ones are kept."""
        ...

    async def dismissal(self, key: bytes) -> Reason | None: ...


class Calls(Protocol):
    """Ringing calls, live and past."""

    async def put(self, call: Call) -> None:
        """Add or replace."""
        ...

    async def get(self, session_id: str) -> Call | None: ...

    async def live(self) -> list[Call]: ...

    async def live_of(self, uid: str) -> list[Call]:
        """Live calls that a user makes, is rung by or is in, the oldest first."""
        ...


class CallLog(Protocol):
    """Calls, live and past, as people look them up; the newest first. It follows from ``Calls``."""

    async def of(
        self, uid: str, wanted: LogFilter, before: LogPlace | None, limit: int
    ) -> list[LogEntry]:
        """The next ``limit`` calls of a user after ``before``; None: from the newest on."""
        ...

    async def of_all(
        self, wanted: LogFilter, before: LogPlace | None, limit: int
    ) -> list[LogEntry]:
        """The same of everybody, each call as its initiator finds it."""
        ...

    async def forget(self, begun_before: float | None, keep: int, at_most: int) -> int:
        """Forget the oldest calls that are over: all that began before a time (Unix seconds; None: none)
        and whatever is more than ``keep``, but no more than ``at_most`` of them. How many it were."""
        ...


class Store(Protocol):
    """All that an exchange remembers."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def enrolments(self) -> Enrolments: ...
    @property
    def links(self) -> Links: ...
    @property
    def members(self) -> Members: ...
    @property
    def devices(self) -> Devices: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def queues(self) -> Queues: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def call_log(self) -> CallLog: ...

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """All that is done in it, or nothing; nobody sees half of it, and it sees nobody's half.

        Nested ones are part of the outermost. Inside, nothing but the store is awaited.
        """
        ...

    async def changed_elsewhere(self) -> None:
        """Wait, half a second at most longer than it takes, until another process has changed
        something; the command line does."""
        ...

    async def aclose(self) -> None:
        """Idempotent."""
        ...
