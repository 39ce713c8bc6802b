"""Buttons without a board: the real driver on gpiozero's mock lines, and a finger to press them."""

import threading
from collections.abc import Mapping

from gpiozero.pins.mock import MockFactory, MockPin

from hal.buttons.gpio import ButtonTiming, GpioButtons
from hal.buttons.protocol import Button, ButtonEdge, Edge, EdgeSink

DEFAULT_PINS: Mapping[Button, int] = {
    Button.END_CALL: 17,
    Button.MUTE: 27,
    Button.CAMERA_SWITCH: 22,
    Button.CALL: 23,
}


class SimulatedButtons:
    """Buttons that a program presses. Presses before ``open`` and after ``close`` reach nobody."""

    def __init__(
        self, pins: Mapping[Button, int] = DEFAULT_PINS, timing: ButtonTiming | None = None
    ) -> None:
        self._pins = dict(pins)
        self._timing = timing or ButtonTiming()
        self._factory: MockFactory | None = None
        self._held = {button: threading.Event() for button in Button}
        self._driver = GpioButtons(self._pins, self._new_factory, self._timing)

    def open(self, on_edge: EdgeSink) -> None:
        def note(edge: ButtonEdge) -> None:
            on_edge(edge)
            if edge.edge is Edge.HELD:
                self._held[edge.button].set()

        self._driver.open(note)

    def close(self) -> None:
        self._driver.close()
        self._factory = None

    def press(self, button: Button) -> None:
        """Close the contact, and leave it closed."""
        if self._factory is not None:
            self._factory.pin(self._pins[button]).drive_low()

    def release(self, button: Button) -> None:
        """Open the contact."""
        if self._factory is not None:
            self._factory.pin(self._pins[button]).drive_high()

    def tap(self, button: Button) -> None:
        """A short press."""
        self.press(button)
        self.release(button)

    def hold(self, button: Button) -> None:
        """A press just long enough for HELD. Blocks for ``hold_s``: call it off the loop."""
        held = self._held[button]
        held.clear()
        self.press(button)
        if self._factory is not None:
            held.wait(self._timing.hold_s + 1)
        self.release(button)

    def bounce(self, button: Button, times: int) -> None:
        """A press whose contact chatters ``times`` times before it stays closed."""
        for _ in range(times):
            self.tap(button)
        self.press(button)

    def _new_factory(self) -> MockFactory:
        self._factory = MockFactory(pin_class=MockPin)
        return self._factory
