"""What the buttons are to the rest of the house: edges with a time."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Button(Enum):
    """The physical buttons of a unit. CALL, which begins and answers, is optional."""

    END_CALL = "end_call"
    MUTE = "mute"
    CAMERA_SWITCH = "camera_switch"
    CALL = "call"


class Edge(Enum):
    """What a finger did. HELD comes once, after the configured hold time, before RELEASED."""

    PRESSED = "pressed"
    HELD = "held"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class ButtonEdge:
    """One debounced edge; ``time_ns`` is on the clock of ``time.monotonic_ns``."""

    button: Button
    edge: Edge
    time_ns: int


EdgeSink = Callable[[ButtonEdge], None]
"""Takes each edge, in a foreign thread. Must not block, nor open or close the buttons."""


class Buttons(Protocol):
    """All buttons of the unit, claimed together."""

    def open(self, on_edge: EdgeSink) -> None:
        """Claim the lines. Raises ButtonsUnavailable, naming the pin; then none is claimed."""

    def close(self) -> None:
        """Free the lines. Idempotent. No edge comes after."""
