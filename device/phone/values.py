"""The nouns of a phone."""

from dataclasses import dataclass
from enum import Enum

LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom one calls: a user by their uid, or a group by its id."""

    name: str
    is_group: bool = False

    @classmethod
    def parse(cls, text: str) -> "Whom":
        """``user:UID`` or ``group:ID``. Raises ValueError."""
        kind, _, name = text.partition(":")
        if kind not in ("user", "group") or not 0 < len(name) <= LONGEST_ID:
            raise ValueError(f"must be 'user:UID' or 'group:ID', not {text!r}")
        return cls(name, kind == "group")


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """A call as this unit sees it. ``uid``, ``name``: who rings it, or whom it rings (a group's id and
    name). ``session_id`` is empty until the exchange has made one."""

    session_id: str
    uid: str
    name: str
    is_group: bool
    is_outgoing: bool
    is_audio_only: bool


class Tone(Enum):
    """What is heard: this unit is rung, or it rings another."""

    INCOMING = "incoming"
    RINGBACK = "ringback"


class Stop(Enum):
    """Why a call rings no more, or is over. All but the last four are the exchange's words."""

    ANSWERED_ELSEWHERE = "answered_elsewhere"
    REJECTED = "rejected"
    BUSY = "busy"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"
    ENDED = "ended"
    TIMED_OUT = "timed_out"
    """By the unit's own clock: the exchange has said nothing in time."""
    HUNG_UP = "hung_up"
    """Here."""
    FAILED = "failed"
    GONE = "gone"
    """It was over when the exchange could be reached again."""


class Farewell(Enum):
    """What the exchange is to be told of a call that this unit has left."""

    REJECT = "reject"
    CANCEL = "cancel"
    END = "end"
    CLEAR = "clear"
    """Of whatever call it is: the answer to the wish for one got lost."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    session_id: str
    how: Farewell
