"""Ringing: devices, calls, and the news of them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Len

from device.exchange.wire.accounts import User
from device.exchange.wire.common import Uid

DeviceId = Annotated[str, Len(1, 64)]
CallType = Literal["audio", "video"]
ReceiverType = Literal["user", "group"]
CallStatus = Literal["initiated", "ongoing", "rejected", "busy", "cancelled", "unanswered", "ended"]
StandingName = Literal[
    "calling", "ringing", "joined", "rejected", "busy", "missed", "left", "removed"
]
NewsName = Literal[
    "incoming", "accepted", "answered_elsewhere", "rejected", "busy", "cancelled", "unanswered",
    "left", "ended",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class InitiateCall:
    """Ring a user or a group. The same device asking for the same again gets the same call."""

    receiver: Uid
    device_id: DeviceId
    receiver_type: ReceiverType = "user"
    call_type: CallType = "video"


@dataclass(frozen=True, slots=True)
class FromDevice:
    device_id: DeviceId


@dataclass(frozen=True, slots=True)
class Reject:
    device_id: DeviceId
    reason: Literal["rejected", "busy"] = "rejected"


@dataclass(frozen=True, slots=True)
class DoNotDisturb:
    """Of one device. Who has no other is not rung: the caller hears *busy*, and the call was missed."""

    on: bool


@dataclass(frozen=True, slots=True)
class CallParty:
    """``device_id``: the one they are in the call with. Times in Unix seconds."""

    user: User
    standing: StandingName
    device_id: str | None = None
    joined_at: float | None = None
    left_at: float | None = None


@dataclass(frozen=True, slots=True)
class CallItem:
    """A ringing call; ``receiver`` is a uid or a group's id, ``receiver_name`` what people call it.
    ``parties`` begins with the initiator. Times in Unix seconds."""

    session_id: str
    call_type: CallType
    receiver_type: ReceiverType
    receiver: str
    receiver_name: str
    status: CallStatus
    initiated_at: float
    parties: list[CallParty]
    joined_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class CallNews:
    """``by``: who did it; None where time did."""

    call: CallItem
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """How things stand for a device, and the number of the event after which it is to listen."""

    after: int
    ringing: list[CallItem]
    active: CallItem | None


@dataclass(frozen=True, slots=True)
class ActiveCall:
    """The call that the user is in, or is calling with; None: none."""

    call: CallItem | None
