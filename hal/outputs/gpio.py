"""Lamps and the door relay on GPIO lines, through gpiozero."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import gpiozero
from gpiozero.pins import Factory

from hal.buttons.gpio import board_factory, chip_cannot_be_used, close_line
from hal.errors import HalError, OutputsUnavailable
from hal.outputs.protocol import Lamp
from hal.outputs.relay import DoorRelay, Keeper, board_keeper

Claimed = TypeVar("Claimed", gpiozero.LED, DoorRelay)


@dataclass(frozen=True, slots=True)
class OutputPins:
    """BCM numbers; ``door`` None: no relay. ``door_maximum_s`` bounds how long it may be held."""

    lamps: Mapping[Lamp, int] = field(default_factory=dict)
    door: int | None = None
    door_maximum_s: float = 10.0


class GpioOutputs:
    """Active-high lines, off at ``open`` and at ``close``. Thread-safe."""

    def __init__(
        self,
        pins: OutputPins,
        make_factory: Callable[[], Factory] = board_factory,
        start_keeper: Callable[[int, float], Keeper] = board_keeper,
    ) -> None:
        """The factory is made at ``open`` and closed with it; ``start_keeper`` takes the relay's pin
        and the longest time."""
        self._pins = pins
        self._make_factory = make_factory
        self._start_keeper = start_keeper
        self._factory: Factory | None = None
        self._lamps: dict[Lamp, gpiozero.LED] = {}
        self._relay: DoorRelay | None = None
        self._lock = threading.Lock()

    @property
    def has_door(self) -> bool:
        return self._pins.door is not None

    def open(self) -> None:
        if self._factory is not None:
            raise OutputsUnavailable("The outputs are open already.")
        try:
            self._factory = self._make_factory()
        except HalError:
            raise
        except Exception as error:
            raise OutputsUnavailable(chip_cannot_be_used(error)) from error
        door, longest_s = self._pins.door, self._pins.door_maximum_s
        try:
            for lamp, pin in self._pins.lamps.items():
                claim_lamp = partial(gpiozero.LED, pin, pin_factory=self._factory)
                self._lamps[lamp] = _claimed(claim_lamp, pin, f"the lamp {lamp.value}")
            if door is not None:
                keeper = partial(self._start_keeper, door, longest_s)
                self._relay = _claimed(partial(DoorRelay, keeper), door, "the door relay")
        except OutputsUnavailable:
            self.close()
            raise

    def set_lamp(self, lamp: Lamp, lit: bool) -> None:
        with self._lock:
            if lamp in self._lamps:
                self._lamps[lamp].value = lit

    def open_door(self, duration_s: float) -> None:
        if self._pins.door is None:
            raise OutputsUnavailable(
                "This unit has no door relay. If one is connected, name its line in callbox.toml: "
                "door under [hardware.pins]."
            )
        if not 0 < duration_s <= self._pins.door_maximum_s:
            raise ValueError(f"duration_s must be over 0 and at most {self._pins.door_maximum_s}")
        relay = self._relay
        if relay is None:
            raise OutputsUnavailable("The outputs are closed. Open them first.")
        relay.hold(duration_s)

    def close(self) -> None:
        with self._lock:
            relay, self._relay = self._relay, None
            if relay is not None:
                close_line(relay.close)
            for lamp in self._lamps.values():
                close_line(partial(_put_out, lamp))
            self._lamps = {}
            factory, self._factory = self._factory, None
        if factory is not None:
            close_line(factory.close)


def _put_out(lamp: gpiozero.LED) -> None:
    """For good."""
    try:
        # gpiozero's factories share their pins; that of the buttons has made them inputs.
        with suppress(gpiozero.PinSetInput):
            lamp.off()
    finally:
        lamp.close()


def _claimed(claim: Callable[[], Claimed], pin: int, what: str) -> Claimed:
    try:
        return claim()
    except Exception as error:  # gpiozero has several, lgpio its own
        raise OutputsUnavailable(
            f"GPIO {pin} for {what} cannot be used ({error}). "
            "Check [hardware.pins], and that no other program holds it."
        ) from error
