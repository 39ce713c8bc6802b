"""Whom one can call, and who is there."""

from dataclasses import dataclass
from typing import Literal

from device.exchange.wire.accounts import User
from device.exchange.wire.people import GroupItem

Availability = Literal["reachable", "in_call", "do_not_disturb", "offline"]
"""What a call would meet: a device that rings, *busy* (for two reasons), nobody."""


@dataclass(frozen=True, slots=True)
class Contact:
    user: User
    availability: Availability


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody but oneself and visitors, by name."""

    contacts: list[Contact]
    groups: list[GroupItem]


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody's availability has changed."""

    uid: str
    availability: Availability
