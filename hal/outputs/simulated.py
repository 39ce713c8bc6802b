"""Lamps and a relay without a board: the real driver on gpiozero's mock lines, readable."""

from gpiozero.pins.mock import MockFactory, MockPin

from hal.outputs.gpio import GpioOutputs, OutputPins
from hal.outputs.protocol import Lamp

DEFAULT_PINS = OutputPins(
    lamps={Lamp.IN_CALL: 5, Lamp.MUTED: 6, Lamp.RECORDING: 13, Lamp.ERROR: 19}, door=26
)


class SimulatedOutputs(GpioOutputs):
    """Outputs whose lines can be looked at."""

    def __init__(self, pins: OutputPins = DEFAULT_PINS) -> None:
        self._mock: MockFactory | None = None
        self._mock_pins = pins
        super().__init__(pins, self._new_factory)

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
