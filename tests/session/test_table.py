"""The table, and the diagram that is drawn from it."""

from pathlib import Path

import pytest

from device.session.table import TABLE, Phase, Trigger, mermaid, move
from device.session.transitions import IllegalTransition

DOC = Path(__file__).parents[2] / "docs" / "session.md"


def test_the_diagram_in_the_documents_is_the_tables() -> None:
    assert f"```mermaid\n{mermaid()}\n```" in DOC.read_text()


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("trigger", Trigger)
def test_a_move_without_a_row_is_refused(phase: Phase, trigger: Trigger) -> None:
    if trigger in TABLE[phase]:
        assert move(phase, trigger) is TABLE[phase][trigger]
    else:
        with pytest.raises(IllegalTransition):
            move(phase, trigger)


def test_every_phase_can_reach_the_end() -> None:
    reached = {Phase.ENDED}
    while more := {p for p in Phase if p not in reached and reached & set(TABLE[p].values())}:
        reached |= more
    assert reached == set(Phase)
