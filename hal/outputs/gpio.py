"""Lamps and the door relay on GPIO lines, through gpiozero."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import gpiozero
from gpiozero.pins import Factory

from hal.buttons.gpio import board_factory
from hal.errors import OutputsUnavailable
from hal.outputs.protocol import Lamp


@dataclass(frozen=True, slots=True)
class OutputPins:
    """BCM numbers; ``door`` None: no relay. ``door_maximum_s`` bounds how long it may be held."""

    lamps: Mapping[Lamp, int] = field(default_factory=dict)
    door: int | None = None
    door_maximum_s: float = 10.0


class GpioOutputs:
    """Active-high lines, off at ``open`` and at ``close``."""

    def __init__(
        self, pins: OutputPins, make_factory: Callable[[], Factory] = board_factory
    ) -> None:
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
                self._lamps[lamp] = gpiozero.LED(pin, pin_factory=self._factory)
            if self._pins.door is not None:
                self._relay = gpiozero.OutputDevice(self._pins.door, pin_factory=self._factory)
        except Exception as error:
            self.close()
            raise OutputsUnavailable(
                f"A lamp or the relay cannot be used: {error}. Check [hardware.pins]."
            ) from error

    def set_lamp(self, lamp: Lamp, lit: bool) -> None:
        if lamp in self._lamps:
            self._lamps[lamp].value = lit

    def open_door(self, duration_s: float) -> None:
        if not 0 < duration_s <= self._pins.door_maximum_s:
            raise ValueError(f"duration_s must be over 0 and at most {self._pins.door_maximum_s}")
        with self._lock:
            if self._relay is None:
                raise OutputsUnavailable("This unit has no door relay; see [hardware.pins] door.")
            self._cancel_timer()
            self._relay.on()
            self._timer = threading.Timer(duration_s, self._shut_door)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        with self._lock:
            self._cancel_timer()
            if self._relay is not None:
                self._relay.close()
                self._relay = None
        for led in self._lamps.values():
            led.close()
        self._lamps = {}
        if self._factory is not None:
            self._factory.close()
            self._factory = None

    def _shut_door(self) -> None:
        with self._lock:
            if self._relay is not None and self._timer is threading.current_thread():
                self._relay.off()
                self._timer = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
