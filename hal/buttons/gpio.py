"""The buttons on GPIO lines, through gpiozero: lgpio's lines on a board, mock lines elsewhere."""

import importlib.util
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping

import gpiozero
from gpiozero.pins import Factory

from hal.buttons.debounce import ButtonTiming, Debouncer, TimedEdge
from hal.buttons.protocol import Button, ButtonEdge, EdgeSink
from hal.errors import ButtonsUnavailable, HalError, UnknownBackend

__all__ = ["ButtonTiming", "GpioButtons", "board_factory", "chip_cannot_be_used", "close_line"]


logger = logging.getLogger(__name__)

CLOSE_ATTEMPTS = 25
CLOSE_AGAIN_S = 0.02
_OFF_A_BOARD = "Off a board, set buttons and outputs in [hardware] to 'simulated' or 'disabled'."


def board_factory() -> Factory:
    """The pin factory of a real board. Raises UnknownBackend without lgpio, and an error of lgpio's or
    gpiozero's, of which they have several, where the chip cannot be used."""
    # lgpio makes a FIFO in LG_WD at import, and moves the whole process there (seen with 0.2.2):
    # every relative path of the configuration would be another one from then on.
    if importlib.util.find_spec("lgpio") is not None and "LG_WD" not in os.environ:
        os.environ["LG_WD"] = _runtime_directory()
    working_directory = os.getcwd()
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except ImportError as error:
        raise UnknownBackend(
            "GPIO needs lgpio. In callbox's folder: .venv/bin/pip install -e '.[pi]'. "
            f"{_OFF_A_BOARD}"
        ) from error
    finally:
        os.chdir(working_directory)


def _runtime_directory() -> str:
    """A directory of our own: systemd's, the login's, or a new one."""
    # systemd joins several with colons.
    ours = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or os.environ.get(
        "XDG_RUNTIME_DIR"
    )
    return ours or tempfile.mkdtemp(prefix="callbox-lgpio-")


class GpioButtons:
    """Push buttons between a line and ground, with the chip's pull-up.

    gpiozero's own debouncing is left alone (docs/adr/0006): contacts go through a Debouncer each.
    Edges come from gpiozero's thread or from this object's, one at a time and in order.
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
        self._devices: list[gpiozero.DigitalInputDevice] = []
        self._watch: _Watch | None = None

    def open(self, on_edge: EdgeSink) -> None:
        if self._factory is not None:
            raise ButtonsUnavailable("The buttons are open already.")
        try:
            self._factory = self._make_factory()
        except HalError:
            raise
        except Exception as error:
            raise ButtonsUnavailable(chip_cannot_be_used(error)) from error
        self._watch = _Watch(self._pins, self._timing, on_edge)
        for button, pin in self._pins.items():
            try:
                self._claim(button, pin, self._watch)
            except Exception as error:
                self.close()
                raise ButtonsUnavailable(
                    f"GPIO {pin} for the button {button.value} cannot be used ({error}). "
                    "Check [hardware.pins], and that no other program holds it."
                ) from error

    def _claim(self, button: Button, pin: int, watch: "_Watch") -> None:
        # gpiozero.Button is this and a thread for holding that a pressed button blocks at close.
        device = gpiozero.DigitalInputDevice(pin, pull_up=True, pin_factory=self._factory)
        self._devices.append(device)
        device.when_activated = lambda: watch.contact(button, is_closed=True)
        device.when_deactivated = lambda: watch.contact(button, is_closed=False)

    def close(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        for device in self._devices:
            close_line(device.close)
        self._devices = []
        if self._factory is not None:
            close_line(self._factory.close)
            self._factory = None


def chip_cannot_be_used(error: Exception) -> str:
    """What to tell of an error of ``board_factory``."""
    return (
        f"This machine's GPIO chip cannot be used ({error}). Is the user in the group gpio? "
        f"{_OFF_A_BOARD}"
    )


def close_line(close: Callable[[], None]) -> None:
    """Never raises, so that the next one is closed as well.

    gpiozero resets a line by claiming it anew; lgpio answers 'GPIO busy' while its own thread still
    polls the old claim (seen with 0.2.2 on gpio-sim), which ends within milliseconds."""
    for _ in range(CLOSE_ATTEMPTS):
        try:
            close()
            return
        except Exception as error:  # lgpio's own `error`
            reason = error
            time.sleep(CLOSE_AGAIN_S)
    logger.warning("A GPIO line could not be reset: %s", reason)


class _Watch:
    """From one opening to its close: the debouncers, and the thread that wakes when one is due."""

    def __init__(
        self, buttons: Mapping[Button, int], timing: ButtonTiming, on_edge: EdgeSink
    ) -> None:
        self._debouncers = {button: Debouncer(timing) for button in buttons}
        self._on_edge = on_edge
        self._is_stopped = False
        # Held while edges are told: that keeps their order, and none comes after `stop`.
        self._changed = threading.Condition(threading.RLock())
        self._thread = threading.Thread(target=self._wait, name="buttons", daemon=True)
        self._thread.start()

    def contact(self, button: Button, is_closed: bool) -> None:
        with self._changed:
            edges = self._debouncers[button].contact(is_closed, time.monotonic_ns())
            self._changed.notify()
            self._tell(button, edges)

    def stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _wait(self) -> None:
        with self._changed:
            while not self._is_stopped:
                now_ns = time.monotonic_ns()
                for button, debouncer in self._debouncers.items():
                    self._tell(button, debouncer.settle(now_ns))
                self._changed.wait(self._idle_s())

    def _idle_s(self) -> float | None:
        due = [at_ns for each in self._debouncers.values() if (at_ns := each.due_ns) is not None]
        return max(0, min(due) - time.monotonic_ns()) / 1e9 if due else None

    def _tell(self, button: Button, edges: list[TimedEdge]) -> None:
        for edge, time_ns in edges:
            if not self._is_stopped:
                self._on_edge(ButtonEdge(button, edge, time_ns))
