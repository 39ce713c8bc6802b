"""All that a phone knows at one moment, and what follows from it."""

from dataclasses import dataclass, field

from device.phone.effects import Initiate
from device.phone.settings import RingingTable
from device.phone.table import Phase
from device.phone.values import Goodbye, PhoneCall, Tone

CALLING_GRACE_S = 2.0
"""An outgoing call is given up by the unit's clock only after the exchange had its time to do so."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """``is_tried``: answering it by itself has failed since the line last came."""

    call: PhoneCall
    since_s: float
    is_tried: bool = False


@dataclass(frozen=True, slots=True)
class PhoneState:
    """``call``: the one that is made, answered or on. ``left``: what the exchange has yet to hear.
    ``is_in_hours``: of the hours of do-not-disturb; None until the time of day is known."""

    settings: RingingTable = field(default_factory=RingingTable)
    phase: Phase = Phase.IDLE
    is_line_up: bool = False
    line_trouble: str = ""
    """Why it is not up, as was told last."""
    ringing: tuple[Ringing, ...] = ()
    call: PhoneCall | None = None
    since_s: float = 0.0
    """Since when it is made, or has rung."""
    is_asking: bool = False
    """The exchange has not said yet what came of the last wish for a call."""
    next_wish: Initiate | None = None
    """The wish of the call that is being made, which waits for that."""
    rejoin_at_s: float | None = None
    """The session broke; when to join it again."""
    left: tuple[Goodbye, ...] = ()
    goodbye_at_s: float | None = None
    """When to tell the exchange again what it has not heard."""
    do_not_disturb: bool = False
    is_in_hours: bool | None = None

    @property
    def tone(self) -> Tone | None:
        """What is to be heard."""
        if self.phase is Phase.RINGING and not self.do_not_disturb:
            return Tone.INCOMING
        if self.phase is Phase.CALLING and self.call is not None and self.call.session_id:
            return Tone.RINGBACK
        return None

    @property
    def session(self) -> PhoneCall | None:
        """The call in whose session the unit is to be right now."""
        is_in = self.phase is Phase.IN_CALL and self.rejoin_at_s is None
        return self.call if is_in else None

    @property
    def gives_up_at_s(self) -> float | None:
        if self.phase is Phase.CALLING:
            return self.since_s + self.settings.ring_for_s + CALLING_GRACE_S
        return None

    @property
    def answers_at_s(self) -> float | None:
        """When it answers by itself."""
        if self.phase is not Phase.RINGING or self.do_not_disturb or not self.settings.auto_answer:
            return None
        first = self.ringing[0]
        return None if first.is_tried else first.since_s + self.settings.auto_answer_after_s

    @property
    def due_at_s(self) -> float | None:
        """When something is to happen by itself."""
        times = [one.since_s + self.settings.ring_for_s for one in self.ringing]
        more = (self.gives_up_at_s, self.answers_at_s, self.rejoin_at_s, self.goodbye_at_s)
        return min([*times, *(at_s for at_s in more if at_s is not None)], default=None)
