"""The buttons on GPIO lines, through gpiozero: lgpio's lines on a board, mock lines elsewhere."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import gpiozero
from gpiozero.pins import Factory

from hal.buttons.protocol import Button, ButtonEdge, Edge, EdgeSink
from hal.errors import ButtonsUnavailable, UnknownBackend


@dataclass(frozen=True, slots=True)
class ButtonTiming:
    """``debounce_s``: how long contacts may chatter. ``hold_s``: when a press becomes a hold."""

    debounce_s: float = 0.03
    hold_s: float = 1.0


def board_factory() -> Factory:
    """The pin factory of a real board. Raises UnknownBackend without lgpio or a GPIO chip."""
    # lgpio makes a FIFO in the working directory at import; a unit's may be read-only.
    os.environ.setdefault("LG_WD", tempfile.gettempdir())
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except ImportError as error:
        raise UnknownBackend("GPIO needs lgpio: pip install 'callbox[pi]'") from error
    except Exception as error:  # lgpio raises its own `error`, gpiozero several of theirs
        raise UnknownBackend(
            f"This machine's GPIO chip cannot be used ({error}). "
            "Is the user in the group gpio? Or set [hardware] buttons = 'disabled'."
        ) from error


class GpioButtons:
    """Push buttons between a line and ground, with the chip's pull-up.

    A press counts at its first contact and the chatter after it is ignored; a release counts once
    the line has been open for the debounce time.
    """

    def __init__(
        self,
        pins: Mapping[Button, int],
        make_factory: Callable[[], Factory] = board_factory,
        timing: ButtonTiming | None = None,
    ) -> None:
        """``pins``: BCM numbers. The factory is made at ``open`` and closed with it."""
        self._pins = dict(pins)
        self._make_factory = make_factory
        self._timing = timing or ButtonTiming()
        self._factory: Factory | None = None
        self._lines: list[_Line] = []

    def open(self, on_edge: EdgeSink) -> None:
        if self._factory is not None:
            raise ButtonsUnavailable("The buttons are open already.")
        self._factory = self._make_factory()
        for button, pin in self._pins.items():
            try:
                self._lines.append(_Line(button, pin, self._factory, self._timing, on_edge))
            except Exception as error:
                self.close()
                raise ButtonsUnavailable(
                    f"GPIO {pin} for the button {button.value} cannot be used ({error}). "
                    "Check [hardware.pins], and that no other program holds it."
                ) from error

    def close(self) -> None:
        for line in self._lines:
            line.close()
        self._lines = []
        if self._factory is not None:
            self._factory.close()
            self._factory = None


class _Line:
    """One button: raw contacts in, edges out."""

    def __init__(
        self, button: Button, pin: int, factory: Factory, timing: ButtonTiming, on_edge: EdgeSink
    ) -> None:
        self._button = button
        self._timing = timing
        self._on_edge = on_edge
        self._lock = threading.Lock()
        self._is_down = False
        self._timers: dict[str, threading.Timer] = {}
        self._device = gpiozero.Button(pin, pull_up=True, pin_factory=factory)
        self._device.when_activated = self._closed
        self._device.when_deactivated = self._opened

    def close(self) -> None:
        self._device.close()
        with self._lock:
            timers = list(self._timers.values())
            self._timers.clear()
        for timer in timers:
            timer.cancel()
            if timer is not threading.current_thread():
                timer.join()

    def _closed(self) -> None:
        with self._lock:
            self._stop("release")
            if self._is_down:
                return
            self._is_down = True
            self._start("hold", self._timing.hold_s, self._held)
        self._tell(Edge.PRESSED)

    def _opened(self) -> None:
        with self._lock:
            if self._is_down:
                self._start("release", self._timing.debounce_s, self._released)

    def _held(self) -> None:
        if self._finish("hold"):
            self._tell(Edge.HELD)

    def _released(self) -> None:
        with self._lock:
            if self._timers.get("release") is not threading.current_thread():
                return
            del self._timers["release"]
            self._is_down = False
            self._stop("hold")
        self._tell(Edge.RELEASED)

    def _finish(self, name: str) -> bool:
        """True for the timer that is still the one in force; it is then done with."""
        with self._lock:
            if self._timers.get(name) is not threading.current_thread():
                return False
            del self._timers[name]
            return True

    def _start(self, name: str, after_s: float, then: Callable[[], None]) -> None:
        self._stop(name)
        timer = threading.Timer(after_s, then)
        timer.daemon = True
        timer.name = f"button-{self._button.value}-{name}"
        self._timers[name] = timer
        timer.start()

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _tell(self, edge: Edge) -> None:
        self._on_edge(ButtonEdge(self._button, edge, time.monotonic_ns()))
