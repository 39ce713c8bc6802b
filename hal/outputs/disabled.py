"""A unit without lamps or relay."""

from hal.errors import OutputsUnavailable
from hal.outputs.protocol import Lamp


class DisabledOutputs:
    """Claims no line; lamps are passed over, the door is refused."""

    has_door = False

    def open(self) -> None:
        """Nothing to claim."""

    def set_lamp(self, lamp: Lamp, lit: bool) -> None:
        """This unit has no lamps."""

    def open_door(self, duration_s: float) -> None:
        raise OutputsUnavailable(
            "This unit has no door relay: outputs under [hardware] is disabled in callbox.toml."
        )

    def close(self) -> None:
        """Nothing to free."""
