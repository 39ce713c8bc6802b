"""The one table of what a phone is doing."""

from collections.abc import Mapping
from enum import Enum

from device.session.transitions import diagram, moved


class Phase(Enum):
    """``CALLING``: from the wish on. ``ANSWERING``: until the exchange has heard of it."""

    IDLE = "idle"
    RINGING = "ringing"
    CALLING = "calling"
    ANSWERING = "answering"
    IN_CALL = "in_call"


class Trigger(Enum):
    RUNG = "rung"
    STOPPED = "nothing rings"
    CALL = "call"
    ANSWER = "answer"
    NOT_ANSWERED = "answer not heard"
    CONNECTED = "connected"
    FOUND_CALLING = "found calling"
    OVER = "over"


TABLE: Mapping[Phase, Mapping[Trigger, Phase]] = {
    Phase.IDLE: {
        Trigger.RUNG: Phase.RINGING,
        Trigger.CALL: Phase.CALLING,
        Trigger.FOUND_CALLING: Phase.CALLING,
        Trigger.CONNECTED: Phase.IN_CALL,
    },
    Phase.RINGING: {
        Trigger.STOPPED: Phase.IDLE,
        Trigger.ANSWER: Phase.ANSWERING,
        Trigger.FOUND_CALLING: Phase.CALLING,
        Trigger.CONNECTED: Phase.IN_CALL,
    },
    Phase.CALLING: {Trigger.CONNECTED: Phase.IN_CALL, Trigger.OVER: Phase.IDLE},
    Phase.ANSWERING: {
        Trigger.CONNECTED: Phase.IN_CALL,
        Trigger.NOT_ANSWERED: Phase.RINGING,
        Trigger.OVER: Phase.IDLE,
    },
    Phase.IN_CALL: {Trigger.OVER: Phase.IDLE},
}


def move(phase: Phase, trigger: Trigger) -> Phase:
    """The phase after ``trigger``. Raises IllegalTransition where the table has no row."""
    return moved(TABLE, phase, trigger)


def mermaid() -> str:
    """The table as a Mermaid state diagram, for docs/ringing.md."""
    return diagram(TABLE, Phase.IDLE)
