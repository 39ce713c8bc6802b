"""The one table of what moves a call from phase to phase."""

from collections.abc import Mapping
from enum import Enum

from device.session.transitions import diagram, moved


class Phase(Enum):
    IDLE = "idle"
    CONNECTING = "connecting"
    ACTIVE = "active"
    RECONNECTING = "reconnecting"
    ENDING = "ending"
    ENDED = "ended"


class Trigger(Enum):
    START = "start"
    JOINED = "joined"
    JOIN_FAILED = "join failed"
    EXCHANGE_LOST = "exchange lost"
    EXCHANGE_RESTORED = "exchange restored"
    END = "end"
    RELEASED = "released"


TABLE: Mapping[Phase, Mapping[Trigger, Phase]] = {
    Phase.IDLE: {Trigger.START: Phase.CONNECTING},
    Phase.CONNECTING: {
        Trigger.JOINED: Phase.ACTIVE,
        Trigger.JOIN_FAILED: Phase.ENDING,
        Trigger.END: Phase.ENDING,
    },
    Phase.ACTIVE: {
        Trigger.EXCHANGE_LOST: Phase.RECONNECTING,
        Trigger.END: Phase.ENDING,
    },
    Phase.RECONNECTING: {
        Trigger.EXCHANGE_RESTORED: Phase.ACTIVE,
        Trigger.END: Phase.ENDING,
    },
    Phase.ENDING: {Trigger.RELEASED: Phase.ENDED},
    Phase.ENDED: {},
}

LIVE = frozenset({Phase.ACTIVE, Phase.RECONNECTING})
"""The phases in which a call takes commands."""


def move(phase: Phase, trigger: Trigger) -> Phase:
    """The phase after ``trigger``. Raises IllegalTransition where the table has no row."""
    return moved(TABLE, phase, trigger)


def allows(phase: Phase, trigger: Trigger) -> bool:
    """Whether the table has a row."""
    return trigger in TABLE[phase]


def mermaid() -> str:
    """The table as a Mermaid state diagram, for docs/session.md."""
    return diagram(TABLE, Phase.IDLE, [Phase.ENDED])
