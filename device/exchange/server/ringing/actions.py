"""What can happen to a ringing call."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Accept:
    """A party answers, or joins a group's call that is on."""

    uid: str
    device: str


@dataclass(frozen=True, slots=True)
class Reject:
    uid: str
    device: str
    reason: Literal["rejected", "busy"]


@dataclass(frozen=True, slots=True)
class Cancel:
    """The caller gives up."""

    uid: str


@dataclass(frozen=True, slots=True)
class End:
    """A party leaves a call that is on."""

    uid: str


@dataclass(frozen=True, slots=True)
class Enter:
    """A party is in the session now."""

    uid: str


@dataclass(frozen=True, slots=True)
class Lose:
    """A party is in the session no longer, and did not say why."""

    uid: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A party has been put out of the session, for good."""

    uid: str


@dataclass(frozen=True, slots=True)
class EndForAll:
    """A party ends the call for everybody."""

    uid: str


@dataclass(frozen=True, slots=True)
class Vanish:
    """A device has been away for so long that it is gone."""

    uid: str
    device: str


@dataclass(frozen=True, slots=True)
class Due:
    """Time has passed: somebody may have rung or been away for long enough."""


Action = Accept | Reject | Cancel | End | Enter | Lose | Remove | EndForAll | Vanish | Due
