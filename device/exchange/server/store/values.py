"""What the store gives and takes."""

from dataclasses import dataclass, field
from typing import NamedTuple

from device.exchange.wire import (
    CallType,
    Direction,
    LogStatus,
    ReceiverType,
    Role,
    RosterItem,
    State,
    User,
)


@dataclass(frozen=True, slots=True)
class Account:
    """A user and the hash of their password (argon2id)."""

    user: User
    password_hash: str = field(repr=False)
    role: Role = "member"


@dataclass(frozen=True, slots=True)
class Login:
    """Whose auth token it is, and until when (Unix seconds)."""

    account: Account
    expires_at: int


@dataclass(frozen=True, slots=True)
class Group:
    """Users who are rung together. ``members``: their uids, sorted."""

    group_id: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pairing code and the unit that it is for; ``key`` is its digest. ``attempt``: the digest of the
    attempt that has redeemed it. Times in Unix seconds."""

    key: bytes = field(repr=False)
    uid: str
    name: str
    session_id: str | None
    expires_at: int
    attempt: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """By which visitors call ``receiver``; ``key``: its secret's digest. Times in Unix seconds."""

    link_id: str
    key: bytes = field(repr=False)
    name: str
    receiver_type: ReceiverType
    receiver: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has come by a link. No account goes with it."""

    user: User
    link: Link


@dataclass(frozen=True, slots=True)
class Session:
    """``video_requested_by``: who asked last to make it a video session."""

    session_id: str
    audio_only: bool
    video_requested_by: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One user's membership in one session; ``key`` is its resume secret's digest, and its queue's."""

    key: bytes = field(repr=False)
    session_id: str
    user: User
    seq: int
    state: State
    grants: tuple[str, ...]

    @property
    def item(self) -> RosterItem:
        return RosterItem(self.user, self.state, self.seq)


@dataclass(frozen=True, slots=True)
class Device:
    """One browser tab or unit of a user, that rings; ``key`` is its queue's."""

    key: bytes = field(repr=False)
    uid: str
    device_id: str
    do_not_disturb: bool = False


class Event(NamedTuple):
    """``number`` counts per queue from 1; ``data`` is JSON."""

    number: int
    name: str
    data: str


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where in the log a call stands: by the time it began (Unix seconds), the newest first."""

    initiated_at: float
    session_id: str


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which calls of a log are wanted; None: any. ``user``: a party of it."""

    status: LogStatus | None = None
    call_type: CallType | None = None
    direction: Direction | None = None
    user: str | None = None


class LogEntry(NamedTuple):
    """A call as one of its parties finds it in their log."""

    place: LogPlace
    direction: Direction
    status: LogStatus
