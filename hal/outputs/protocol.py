"""What the unit can switch: its lamps and one door relay."""

from enum import Enum
from typing import Protocol


class Lamp(Enum):
    """The status lamps. A unit may have none, some or all of them."""

    IN_CALL = "in_call"
    MUTED = "muted"
    RECORDING = "recording"
    ERROR = "error"


class Outputs(Protocol):
    """Lamps and the door relay. Lamps are switched at once; what has to do with the relay waits for the
    process that holds it: call it off the loop."""

    @property
    def has_door(self) -> bool:
        """Whether a door relay is configured."""

    def open(self) -> None:
        """Claim the lines, everything off. Raises OutputsUnavailable, naming the pin."""

    def set_lamp(self, lamp: Lamp, lit: bool) -> None:
        """Light a lamp or put it out; a lamp that the unit does not have is passed over."""

    def open_door(self, duration_s: float) -> None:
        """Hold the relay for ``duration_s`` (more than 0, at most the configured maximum); it is on when
        this returns, and goes off in time even if this process hangs or dies. May take a second.

        Raises OutputsUnavailable without a relay, ValueError out of range. A call while the door
        is open starts the time anew.
        """

    def close(self) -> None:
        """Everything off, lines freed. Idempotent. May take seconds where the relay is in trouble."""
