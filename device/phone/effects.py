"""What a step wants done in the world; what came of it is a fact."""

from dataclasses import dataclass

from device.phone.values import Goodbye, PhoneCall, Tone, Whom


@dataclass(frozen=True, slots=True)
class Initiate:
    whom: Whom
    audio_only: bool


@dataclass(frozen=True, slots=True)
class Accept:
    session_id: str


@dataclass(frozen=True, slots=True)
class SayGoodbye:
    goodbye: Goodbye


@dataclass(frozen=True, slots=True)
class PublishDoNotDisturb:
    on: bool


@dataclass(frozen=True, slots=True)
class Play:
    """None: silence."""

    tone: Tone | None


@dataclass(frozen=True, slots=True)
class Enter:
    """Be in the session of this call, and in no other."""

    call: PhoneCall


@dataclass(frozen=True, slots=True)
class Leave:
    """The session of a call; the unit may go back to its own."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """The only one there is; None: none."""

    at_s: float | None


Asking = Initiate | Accept | SayGoodbye | PublishDoNotDisturb
"""Of the exchange, one after another."""
Effect = Asking | Play | Enter | Leave | SetTimer
