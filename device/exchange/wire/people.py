"""People and groups, as those see them who look after an exchange."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Len, MaxLen

from device.exchange.wire.accounts import Role, User
from device.exchange.wire.common import Uid

MAX_GROUP = 256
Name = Annotated[str, Len(1, 256)]
Password = Annotated[str, MaxLen(1024)]
GroupId = Annotated[str, Len(1, 128)]


@dataclass(frozen=True, slots=True)
class Me:
    """Who is signed in, and until when (Unix seconds)."""

    user: User
    role: Role | Literal["visitor"]
    expires_at: int


@dataclass(frozen=True, slots=True)
class ChangePassword:
    old: Password = field(repr=False)
    new: Password = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """``is_locked``: strangers have guessed at the password, and have to wait before they go on."""

    user: User
    role: Role
    is_locked: bool


@dataclass(frozen=True, slots=True)
class People:
    """All accounts, units too, by name."""

    people: list[Person]


@dataclass(frozen=True, slots=True)
class PutPerson:
    """``password`` null: it stays as it is."""

    name: Name
    role: Role = "member"
    password: Password | None = field(default=None, repr=False)
    avatar: Annotated[str, Len(1, 1024)] | None = None


@dataclass(frozen=True, slots=True)
class GroupItem:
    """Users who are rung together; ``members`` are uids."""

    group_id: str
    name: str
    members: list[str]


@dataclass(frozen=True, slots=True)
class Groups:
    """By name."""

    groups: list[GroupItem]


@dataclass(frozen=True, slots=True)
class PutGroup:
    name: Name
    members: Annotated[list[Uid], MaxLen(MAX_GROUP)]
