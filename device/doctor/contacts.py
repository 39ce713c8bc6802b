"""Whether the lines of buttons and outputs can be had."""

from device.control.readings import Check, Verdict
from hal import Buttons, HalError, Outputs, UnknownBackend
from hal.config import GpioBackend, HardwareConfig

REMEDY = (
    "Check the pins under [hardware.pins] (BCM numbers), that no other program holds them "
    "(`gpioinfo` names it), and that the unit's user is in the group gpio."
)

NO_CHIP = (
    "On a board: lgpio must be installed, and the unit's user in the group gpio. Elsewhere set buttons "
    "and outputs under [hardware] to disabled."
)


def check_buttons(buttons: Buttons, config: HardwareConfig, is_claimed: bool) -> Check:
    """``is_claimed``: this process has them open already."""
    if config.buttons is GpioBackend.DISABLED:
        return Check("buttons", Verdict.SKIPPED, "none, by the configuration")
    if not is_claimed:
        try:
            buttons.open(lambda edge: None)
        except HalError as error:
            return _failed("buttons", error)
        finally:
            buttons.close()
    pins = ", ".join(f"{button.value} {pin}" for button, pin in config.pins.buttons.items())
    return Check("buttons", Verdict.OK, f"their lines can be had: {pins}")


def check_outputs(outputs: Outputs, config: HardwareConfig, is_claimed: bool) -> Check:
    """``is_claimed``: this process has them open already."""
    if config.outputs is GpioBackend.DISABLED:
        return Check("outputs", Verdict.SKIPPED, "none, by the configuration")
    if not is_claimed:
        try:
            outputs.open()
        except HalError as error:
            return _failed("outputs", error)
        finally:
            outputs.close()
    lamps = [f"{lamp.value} {pin}" for lamp, pin in config.pins.lamps.items()]
    door = [f"door {config.pins.door}"] if outputs.has_door else []
    seen = ", ".join(lamps + door) or "none has a pin"
    return Check("outputs", Verdict.OK, f"their lines can be had: {seen}")


def _failed(part: str, error: HalError) -> Check:
    remedy = NO_CHIP if isinstance(error, UnknownBackend) else REMEDY
    return Check(part, Verdict.FAILED, str(error), remedy)
