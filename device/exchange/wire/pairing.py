"""Enrolling a unit with a code."""

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Len

from device.exchange.wire.accounts import User
from device.exchange.wire.common import Uid

PAIRING_LIFETIME_S = 600


@dataclass(frozen=True, slots=True)
class NewPairing:
    """``session_id``: the session that the unit is to join by itself; None: none."""

    uid: Uid
    name: Annotated[str, Len(1, 256)]
    session_id: Annotated[str, Len(1, 128)] | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """``link``: a PairingLink. It is shown once; the exchange keeps a digest. ``qr``: the same in
    capitals as a QR code, its rows of "0" and "1", which is dark."""

    code: str = field(repr=False)
    expires_at: int
    """Unix seconds."""
    link: str = field(repr=False)
    qr: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redeem:
    """``attempt``: a random text that the unit keeps until it has what it asks for. With the same one
    the same code may be redeemed again while it lasts: the answer may have been lost."""

    code: Annotated[str, Len(1, 64)] = field(repr=False)
    attempt: Annotated[str, Len(16, 128)] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The unit's account; an earlier password of it is void."""

    user: User
    password: str = field(repr=False)
    session_id: str | None = None
