"""What a phone tells who watches it. Past tense."""

import re
from dataclasses import dataclass

from device.phone.values import PhoneCall, Stop


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """It rings, unless it is not to be disturbed."""

    call: PhoneCall


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """It rings at the other end."""

    call: PhoneCall


@dataclass(frozen=True, slots=True)
class CallConnected:
    """Answered, here or there; or found again after a restart."""

    call: PhoneCall


@dataclass(frozen=True, slots=True)
class RingingStopped:
    """An incoming call that was not answered here."""

    call: PhoneCall
    how: Stop


@dataclass(frozen=True, slots=True)
class PhoneCallOver:
    call: PhoneCall
    how: Stop
    message: str = ""


@dataclass(frozen=True, slots=True)
class DoNotDisturbChanged:
    on: bool


@dataclass(frozen=True, slots=True)
class LineChanged:
    """Whether this unit can be rung, as far as it knows."""

    is_up: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class PhoneError:
    """What nobody was awaiting has failed."""

    code: str
    message: str


PhoneEvent = (
    IncomingCall
    | OutgoingCall
    | CallConnected
    | RingingStopped
    | PhoneCallOver
    | DoNotDisturbChanged
    | LineChanged
    | PhoneError
)


def name_of(event: PhoneEvent) -> str:
    """Its name for those who follow, such as ``incoming_call``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
