"""Lamps and a relay without a board: the real driver on gpiozero's mock lines, readable."""

import os
import threading

import gpiozero
from gpiozero.pins.mock import MockFactory, MockPin

from hal.outputs.gpio import GpioOutputs, OutputPins
from hal.outputs.keeper import keep
from hal.outputs.protocol import Lamp

DEFAULT_PINS = OutputPins(
    lamps={Lamp.IN_CALL: 5, Lamp.MUTED: 6, Lamp.RECORDING: 13, Lamp.ERROR: 19}, door=26
)
CLOSED = -1


class ThreadKeeper:
    """A keeper in a thread: mock lines are of this process."""

    def __init__(self, factory: MockFactory, pin: int, maximum_s: float) -> None:
        line = gpiozero.OutputDevice(pin, pin_factory=factory)
        taken, self.commands = os.pipe()
        self.replies, told = os.pipe()

        def run() -> None:
            with os.fdopen(taken, "rb"), os.fdopen(told, "wb"), line:
                keep(line, taken, told, maximum_s)

        self._thread = threading.Thread(target=run, name="door-keeper", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        self._thread.join()

    def kill(self) -> None:
        if self.commands != CLOSED:
            os.close(self.commands)
            self.commands = CLOSED

    def retire(self) -> None:
        self.kill()
        self._thread.join()
        if self.replies != CLOSED:
            os.close(self.replies)
            self.replies = CLOSED


class SimulatedOutputs(GpioOutputs):
    """Outputs whose lines can be looked at."""

    def __init__(self, pins: OutputPins = DEFAULT_PINS) -> None:
        self._mock: MockFactory | None = None
        self._mock_pins = pins
        super().__init__(pins, self._new_factory, self._new_keeper)

    def is_lit(self, lamp: Lamp) -> bool:
        """What the lamp's line is at."""
        pin = self._mock_pins.lamps.get(lamp)
        return pin is not None and self._level(pin)

    @property
    def is_door_open(self) -> bool:
        """What the relay's line is at."""
        return self._mock_pins.door is not None and self._level(self._mock_pins.door)

    def close(self) -> None:
        super().close()
        self._mock = None

    def _level(self, pin: int) -> bool:
        return self._mock is not None and bool(self._mock.pin(pin).state)

    def _new_factory(self) -> MockFactory:
        self._mock = MockFactory(pin_class=MockPin)
        return self._mock

    def _new_keeper(self, pin: int, maximum_s: float) -> ThreadKeeper:
        assert self._mock is not None
        return ThreadKeeper(self._mock, pin, maximum_s)
