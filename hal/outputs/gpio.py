"""Lamps and the door relay on GPIO lines, through gpiozero."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import gpiozero
from gpiozero.pins import Factory

from hal.buttons.gpio import board_factory
from hal.errors import OutputsUnavailable
from hal.outputs.protocol import Lamp

Device = TypeVar("Device", bound=gpiozero.OutputDevice)


@dataclass(frozen=True, slots=True)
class OutputPins:
    """BCM numbers; ``door`` None: no relay. ``door_maximum_s`` bounds how long it may be held."""

    lamps: Mapping[Lamp, int] = field(default_factory=dict)
    door: int | None = None
    door_maximum_s: float = 10.0


class GpioOutputs:
    """Active-high lines, off at ``open`` and at ``close``. Thread-safe."""

    def __init__(
        self, pins: OutputPins, make_factory: Callable[[], Factory] = board_factory
    ) -> None:
        """The factory is made at ``open`` and closed with it."""
        self._pins = pins
        self._make_factory = make_factory
        self._factory: Factory | None = None
        self._lamps: dict[Lamp, gpiozero.LED] = {}
        self._relay: gpiozero.OutputDevice | None = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    @property
    def has_door(self) -> bool:
        return self._pins.door is not None

    def open(self) -> None:
        if self._factory is not None:
            raise OutputsUnavailable("The outputs are open already.")
        self._factory = self._make_factory()
        try:
            for lamp, pin in self._pins.lamps.items():
                self._lamps[lamp] = self._claim(gpiozero.LED, pin, f"the lamp {lamp.value}")
            if self._pins.door is not None:
                self._relay = self._claim(gpiozero.OutputDevice, self._pins.door, "the door relay")
        except OutputsUnavailable:
            self.close()
            raise

    def set_lamp(self, lamp: Lamp, lit: bool) -> None:
        with self._lock:
            if lamp in self._lamps:
                self._lamps[lamp].value = lit

    def open_door(self, duration_s: float) -> None:
        if self._pins.door is None:
            raise OutputsUnavailable("This unit has no door relay; see [hardware.pins] door.")
        if not 0 < duration_s <= self._pins.door_maximum_s:
            raise ValueError(f"duration_s must be over 0 and at most {self._pins.door_maximum_s}")
        with self._lock:
            if self._relay is None:
                raise OutputsUnavailable("The outputs are closed. Open them first.")
            if self._timer is not None:
                self._timer.cancel()
            self._relay.on()
            self._timer = threading.Timer(duration_s, self._shut_door)
            self._timer.name = "door"
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
            for device in [self._relay, *self._lamps.values()]:
                if device is not None:
                    device.off()
                    device.close()
            self._relay = None
            self._lamps = {}
            factory, self._factory = self._factory, None
        if timer is not None:
            timer.cancel()
            timer.join()
        if factory is not None:
            factory.close()

    def _claim(self, kind: Callable[..., Device], pin: int, what: str) -> Device:
        try:
            return kind(pin, pin_factory=self._factory)
        except Exception as error:  # gpiozero has several, lgpio its own
            raise OutputsUnavailable(
                f"GPIO {pin} for {what} cannot be used ({error}). "
                "Check [hardware.pins], and that no other program holds it."
            ) from error

    def _shut_door(self) -> None:
        with self._lock:
            if self._relay is not None and self._timer is threading.current_thread():
                self._relay.off()
                self._timer = None
