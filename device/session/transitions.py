"""Tables of phases: what moves each of them to which. Both a call and a unit's phone go by one."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeVar

PhaseT = TypeVar("PhaseT", bound=Enum)
TriggerT = TypeVar("TriggerT", bound=Enum)


class IllegalTransition(Exception):
    """A defect: a trigger in a phase that has no row for it."""


def moved(
    table: Mapping[PhaseT, Mapping[TriggerT, PhaseT]], phase: PhaseT, trigger: TriggerT
) -> PhaseT:
    """The phase after ``trigger``. Raises IllegalTransition where the table has no row."""
    try:
        return table[phase][trigger]
    except KeyError:
        raise IllegalTransition(f"{trigger.value} while {phase.value}") from None


def diagram(
    table: Mapping[PhaseT, Mapping[TriggerT, PhaseT]], begin: PhaseT, ends: Iterable[PhaseT] = ()
) -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {begin.name}"]
    for phase, row in table.items():
        lines += [f"    {phase.name} --> {to.name}: {trigger.value}" for trigger, to in row.items()]
    return "\n".join([*lines, *(f"    {end.name} --> [*]" for end in ends)])
