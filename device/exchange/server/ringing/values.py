"""A ringing call, as values. No I/O."""

from dataclasses import dataclass, replace
from enum import Enum

from device.exchange.wire import CallType, ReceiverType, UserKind


class Status(Enum):
    """Of a call. Those that end it never change again."""

    INITIATED = "initiated"
    ONGOING = "ongoing"
    REJECTED = "rejected"
    BUSY = "busy"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"
    ENDED = "ended"

    @property
    def is_live(self) -> bool:
        return self in (Status.INITIATED, Status.ONGOING)


class Standing(Enum):
    """Of one party in a call."""

    CALLING = "calling"
    RINGING = "ringing"
    JOINED = "joined"
    REJECTED = "rejected"
    BUSY = "busy"
    MISSED = "missed"
    LEFT = "left"
    REMOVED = "removed"

    @property
    def is_engaged(self) -> bool:
        """Whether it keeps the party from another call."""
        return self in (Standing.CALLING, Standing.JOINED)


class News(Enum):
    """What a party may have to be told."""

    INCOMING = "incoming"
    ACCEPTED = "accepted"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    REJECTED = "rejected"
    BUSY = "busy"
    CANCELLED = "cancelled"
    UNANSWERED = "unanswered"
    LEFT = "left"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Party:
    """A user in a call. Times in Unix seconds; ``device``: the one it is in the call with.

    ``away_since``: since when it is in the call but not in the session; None while it is in both.
    ``name`` and ``kind`` are those of the time of the call, for when the account is no more.
    """

    uid: str
    standing: Standing
    device: str | None = None
    joined_at: float | None = None
    left_at: float | None = None
    away_since: float | None = None
    name: str = ""
    kind: UserKind = "person"


@dataclass(frozen=True, slots=True)
class Call:
    """``parties`` begins with the initiator. Times in Unix seconds. ``receiver_name``: at the time."""

    session_id: str
    call_type: CallType
    receiver_type: ReceiverType
    receiver: str
    status: Status
    initiated_at: float
    parties: tuple[Party, ...]
    joined_at: float | None = None
    ended_at: float | None = None
    receiver_name: str = ""

    @property
    def initiator(self) -> Party:
        return self.parties[0]

    def party(self, uid: str) -> Party | None:
        return next((party for party in self.parties if party.uid == uid), None)

    def standing(self, *standings: Standing) -> tuple[Party, ...]:
        """The parties of which that is so."""
        return tuple(party for party in self.parties if party.standing in standings)

    def with_party(self, changed: Party) -> "Call":
        """The call with this party in place of the one of the same uid."""
        parties = tuple(changed if each.uid == changed.uid else each for each in self.parties)
        return replace(self, parties=parties)


@dataclass(frozen=True, slots=True)
class Tell:
    """``news`` for the devices of ``uid``: for ``device`` only, or, where that is None, for all but
    ``but`` (the one that has it as the answer to its own request)."""

    uid: str
    news: News
    device: str | None = None
    but: str | None = None
