"""What a phone is asked, and what the world reported. Each is an input of ``step``."""

from dataclasses import dataclass
from enum import Enum

from device.phone.effects import Effect
from device.phone.values import PhoneCall, Stop, Whom
from device.session.values import EndReason


@dataclass(frozen=True, slots=True)
class Dial:
    whom: Whom
    audio_only: bool


@dataclass(frozen=True, slots=True)
class PickUp:
    """The call that has rung for longest."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call that has rung for longest."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Give up the call that one is making, or leave the one that one is in."""


@dataclass(frozen=True, slots=True)
class SetDoNotDisturb:
    on: bool


class Standing(Enum):
    """How the exchange sees this device in a call."""

    CALLING = "calling"
    JOINED = "joined"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class LineCame:
    """Registered. ``mine``: the call that this device is in, or makes."""

    ringing: tuple[PhoneCall, ...]
    mine: PhoneCall | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class LineWent:
    """``message``: why, and what to do."""

    message: str


@dataclass(frozen=True, slots=True)
class LineReturned:
    """Nothing was missed."""


@dataclass(frozen=True, slots=True)
class Rung:
    call: PhoneCall


@dataclass(frozen=True, slots=True)
class Accepted:
    """Somebody has answered a call that this unit makes, or is in."""

    call: PhoneCall


@dataclass(frozen=True, slots=True)
class Stopped:
    call: PhoneCall
    how: Stop


@dataclass(frozen=True, slots=True)
class Initiated:
    """The exchange took the wish for a call. ``over``: it was over at once."""

    call: PhoneCall
    standing: Standing
    over: Stop | None


@dataclass(frozen=True, slots=True)
class Answered:
    call: PhoneCall


@dataclass(frozen=True, slots=True)
class Failed:
    """``is_lost``: the exchange has not heard of it, or we have not heard that it did."""

    effect: Effect
    code: str
    message: str
    is_lost: bool


@dataclass(frozen=True, slots=True)
class SessionOver:
    session_id: str
    reason: EndReason


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """It could not be joined. ``is_final``: nor will it be."""

    session_id: str
    message: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """The minute of the local day."""

    minute: int


@dataclass(frozen=True, slots=True)
class TimerFired:
    pass


@dataclass(frozen=True, slots=True)
class Heard:
    """The exchange took what an effect told it."""

    effect: Effect


Command = Dial | PickUp | Refuse | HangUp | SetDoNotDisturb
Fact = (
    LineCame | LineWent | LineReturned | Rung | Accepted | Stopped | Initiated | Answered | Failed
    | SessionOver | SessionFailed | TimeOfDay | TimerFired | Heard
)  # fmt: skip
Input = Command | Fact
