"""A peer's voice as seen from the pictures that belong to it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Playing:
    """What is heard now: ``timestamp`` of the voice, of 32 bits, and ``taken_s``, when the loudspeaker
    took it, on this unit's clock. ``delay_s``: how long after the fastest packet could have brought it.
    """

    timestamp: int
    taken_s: float
    delay_s: float


class HeardVoice(Protocol):
    """Of one peer."""

    def playing(self) -> Playing | None:
        """None before anything was heard."""

    def delay_at_least(self, minimum_s: float, now_s: float) -> None:
        """Let it be heard so long after the fastest packet's arrival, for a while from now on."""
