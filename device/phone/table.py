"""The one table of what a phone is doing."""

from collections.abc import Mapping
from enum import Enum


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


class IllegalTransition(Exception):
    """A defect: a trigger in a phase that has no row for it."""


def move(phase: Phase, trigger: Trigger) -> Phase:
    """The phase after ``trigger``. Raises IllegalTransition where the table has no row."""
    try:
        return TABLE[phase][trigger]
    except KeyError:
        raise IllegalTransition(f"{trigger.value} while {phase.value}") from None


def mermaid() -> str:
    """The table as a Mermaid state diagram, for docs/ringing.md."""
    lines = ["stateDiagram-v2", f"    [*] --> {Phase.IDLE.name}"]
    for phase, row in TABLE.items():
        lines += [f"    {phase.name} --> {to.name}: {trigger.value}" for trigger, to in row.items()]
    return "\n".join(lines)
