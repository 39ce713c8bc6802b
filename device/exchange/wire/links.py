"""Visitors: who has a link calls one user or one group, until it is over."""

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le, Len

from device.exchange.wire.accounts import User
from device.exchange.wire.calls import ReceiverType
from device.exchange.wire.common import Uid


@dataclass(frozen=True, slots=True)
class NewLink:
    """``name``: what whoever made it calls it by. ``expires_at``: Unix seconds."""

    receiver_type: ReceiverType
    receiver: Uid
    name: Annotated[str, Len(1, 256)]
    expires_at: Annotated[int, Ge(0), Le(2**53)]


@dataclass(frozen=True, slots=True)
class LinkItem:
    """``url``: to be opened in a browser; the exchange keeps a digest, so that it is told only once, to
    whoever made the link."""

    link_id: str
    name: str
    receiver_type: ReceiverType
    receiver: str
    expires_at: int
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Links:
    """The next to end first."""

    links: list[LinkItem]


@dataclass(frozen=True, slots=True)
class Visit:
    """``secret``: what stands in the link's url behind ``#visit=``. ``name``: the visitor's own."""

    secret: Annotated[str, Len(1, 128)] = field(repr=False)
    name: Annotated[str, Len(1, 64)]


@dataclass(frozen=True, slots=True)
class Visiting:
    """What a SignedIn is for others, and whom the visitor may call."""

    user: User
    auth_token: str = field(repr=False)
    expires_at: int
    receiver_type: ReceiverType
    receiver: str
    receiver_name: str
