"""Who one is, and the tokens that say so."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import MaxLen

from device.exchange.wire.common import SessionId, Uid

Role = Literal["admin", "member"]
UserKind = Literal["person", "unit", "visitor"]


@dataclass(frozen=True, slots=True)
class SignIn:
    uid: Uid
    password: Annotated[str, MaxLen(1024)] = field(repr=False)


@dataclass(frozen=True, slots=True)
class User:
    uid: str
    name: str
    avatar: str | None = None
    kind: UserKind = "person"


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    auth_token: str = field(repr=False)
    expires_at: int = 0
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """``session_id`` may be empty here so that the exchange can refuse it with its own code."""

    session_id: SessionId
    single_use: bool = False


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    session_id: str
    token: str = field(repr=False)
    expires_at: int = 0
