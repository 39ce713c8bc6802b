"""The gpiozero driver on mock lines, by itself and as the simulated buttons."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from hal import (
    Button,
    ButtonEdge,
    Buttons,
    ButtonsUnavailable,
    Edge,
    OutputsUnavailable,
    UnknownBackend,
)
from hal.buttons.disabled import DisabledButtons
from hal.buttons.gpio import ButtonTiming, GpioButtons, board_factory
from hal.buttons.simulated import SimulatedButtons
from hal.outputs.gpio import GpioOutputs, OutputPins
from tests.hal.listening import Heard

PINS = {Button.END_CALL: 5, Button.MUTE: 6, Button.CAMERA_SWITCH: 13, Button.CALL: 19}
QUICK = ButtonTiming(debounce_s=0.02, hold_s=0.15)


@dataclass
class Panel:
    """Buttons, and the finger that presses them."""

    buttons: Buttons
    press: Callable[[Button], None]
    release: Callable[[Button], None]


def gpio_panel() -> Panel:
    factories: list[MockFactory] = []

    def make() -> MockFactory:
        factories.append(MockFactory(pin_class=MockPin))
        return factories[-1]

    def pin(button: Button) -> MockPin:
        return factories[-1].pin(PINS[button])

    return Panel(
        GpioButtons(PINS, make, QUICK),
        lambda button: pin(button).drive_low(),
        lambda button: pin(button).drive_high(),
    )


def simulated_panel() -> Panel:
    buttons = SimulatedButtons(PINS, QUICK)
    return Panel(buttons, buttons.press, buttons.release)


@pytest.fixture(params=[gpio_panel, simulated_panel])
def panel(request: pytest.FixtureRequest) -> Iterator[Panel]:
    panel: Panel = request.param()
    yield panel
    panel.buttons.close()


@pytest.fixture
def edges() -> Heard[ButtonEdge]:
    return Heard()


def kinds(edges: list[ButtonEdge]) -> list[Edge]:
    return [edge.edge for edge in edges]


def test_a_press_is_told_at_once_with_its_time(panel: Panel, edges: Heard[ButtonEdge]) -> None:
    panel.buttons.open(edges)
    before_ns = time.monotonic_ns()
    panel.press(Button.MUTE)
    (edge,) = edges.items
    assert (edge.button, edge.edge) == (Button.MUTE, Edge.PRESSED)
    assert before_ns <= edge.time_ns <= time.monotonic_ns()


def test_a_release_follows(panel: Panel, edges: Heard[ButtonEdge]) -> None:
    panel.buttons.open(edges)
    panel.press(Button.END_CALL)
    panel.release(Button.END_CALL)
    seen = edges.wait_count(2)
    assert kinds(seen) == [Edge.PRESSED, Edge.RELEASED]
    assert seen[0].time_ns <= seen[1].time_ns
    assert {edge.button for edge in seen} == {Button.END_CALL}


def test_a_hold_comes_between(panel: Panel, edges: Heard[ButtonEdge]) -> None:
    panel.buttons.open(edges)
    panel.press(Button.END_CALL)
    edges.wait_count(2)
    panel.release(Button.END_CALL)
    seen = edges.wait_count(3)
    assert kinds(seen) == [Edge.PRESSED, Edge.HELD, Edge.RELEASED]
    assert seen[1].time_ns - seen[0].time_ns == pytest.approx(QUICK.hold_s * 1e9)


def test_the_buttons_are_apart(panel: Panel, edges: Heard[ButtonEdge]) -> None:
    panel.buttons.open(edges)
    for button in Button:
        panel.press(button)
    assert [edge.button for edge in edges.items] == list(Button)
    for button in Button:
        panel.release(button)
    seen = edges.wait(lambda items: sum(e.edge is Edge.RELEASED for e in items) == len(Button))
    for button in Button:
        own = [edge.edge for edge in seen if edge.button is button and edge.edge is not Edge.HELD]
        assert own == [Edge.PRESSED, Edge.RELEASED]


def test_a_second_opening_is_refused_and_changes_nothing(
    panel: Panel, edges: Heard[ButtonEdge]
) -> None:
    panel.buttons.open(edges)
    with pytest.raises(ButtonsUnavailable, match="open already"):
        panel.buttons.open(edges)
    panel.press(Button.MUTE)
    assert len(edges.items) == 1


def test_nothing_comes_after_close_and_it_may_be_repeated(panel: Panel) -> None:
    panel.buttons.close()
    for _ in range(2):
        edges: Heard[ButtonEdge] = Heard()
        panel.buttons.open(edges)
        panel.press(Button.MUTE)
        panel.release(Button.MUTE)  # the release is still to be told
        panel.buttons.close()
        panel.buttons.close()
        assert kinds(edges.items) == [Edge.PRESSED]


def test_a_simulated_bounce_counts_once(edges: Heard[ButtonEdge]) -> None:
    buttons = SimulatedButtons(timing=QUICK)
    buttons.open(edges)
    buttons.bounce(Button.CAMERA_SWITCH, 20)
    buttons.release(Button.CAMERA_SWITCH)
    edges.wait(lambda items: items[-1].edge is Edge.RELEASED)
    buttons.tap(Button.MUTE)
    seen = edges.wait(lambda items: items[-1].edge is Edge.RELEASED and len(items) >= 4)
    buttons.close()
    assert kinds(seen) == [Edge.PRESSED, Edge.RELEASED] * 2


def test_a_simulated_hold_lasts_as_long_as_it_must(edges: Heard[ButtonEdge]) -> None:
    buttons = SimulatedButtons(timing=QUICK)
    buttons.open(edges)
    for _ in range(2):
        buttons.hold(Button.END_CALL)
        edges.wait(lambda items: items[-1].edge is Edge.RELEASED)
    buttons.close()
    assert kinds(edges.items) == [Edge.PRESSED, Edge.HELD, Edge.RELEASED] * 2


def test_a_finger_on_closed_buttons_reaches_nobody() -> None:
    buttons = SimulatedButtons(timing=QUICK)
    buttons.tap(Button.MUTE)
    buttons.hold(Button.MUTE)
    buttons.bounce(Button.MUTE, 2)


@pytest.mark.parametrize(
    ("pins", "named"),
    [
        ({Button.END_CALL: 5, Button.MUTE: 99}, "GPIO 99 for the button mute"),
        ({Button.END_CALL: 5, Button.MUTE: 5}, "GPIO 5 for the button mute"),
    ],
)
def test_a_bad_pin_is_named_and_none_is_claimed(
    pins: dict[Button, int], named: str, edges: Heard[ButtonEdge]
) -> None:
    factory = MockFactory(pin_class=MockPin)
    buttons = GpioButtons(pins, lambda: factory, QUICK)
    with pytest.raises(ButtonsUnavailable, match=named):
        buttons.open(edges)
    other = gpiozero.Button(5, pin_factory=factory)
    other.close()
    factory.close()


def test_gpiozeros_global_factory_is_left_alone(edges: Heard[ButtonEdge]) -> None:
    buttons = SimulatedButtons(timing=QUICK)
    buttons.open(edges)
    assert gpiozero.Device.pin_factory is None
    buttons.close()


@pytest.mark.parametrize("timing", [(-0.1, 1.0), (0.1, -1.0), (float("nan"), 1.0)])
def test_impossible_times_are_refused(timing: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"debounce_s|hold_s"):
        ButtonTiming(*timing)


def test_a_unit_without_buttons(edges: Heard[ButtonEdge]) -> None:
    buttons = DisabledButtons()
    buttons.open(edges)
    buttons.close()
    buttons.close()
    assert not edges.items


def test_edges_of_many_fingers_come_one_at_a_time() -> None:
    """Each button in a thread of its own, as lgpio and the hold timer are."""
    inside = threading.Lock()
    overlaps: list[ButtonEdge] = []

    def alone(edge: ButtonEdge, number: int) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(edge)
            return
        inside.release()

    edges: Heard[ButtonEdge] = Heard(alone)
    buttons = SimulatedButtons(timing=ButtonTiming(debounce_s=0, hold_s=0))
    buttons.open(edges)

    def tap_often(button: Button) -> None:
        for _ in range(50):
            buttons.tap(button)

    fingers = [threading.Thread(target=tap_often, args=(button,)) for button in Button]
    for finger in fingers:
        finger.start()
    for finger in fingers:
        finger.join()
    edges.wait(lambda items: sum(edge.edge is Edge.RELEASED for edge in items) == 50 * len(Button))
    buttons.close()
    assert not overlaps
    for button in Button:
        own = [edge.edge for edge in edges.items if edge.button is button]
        assert [edge for edge in own if edge is not Edge.HELD] == [Edge.PRESSED, Edge.RELEASED] * 50


@pytest.fixture
def no_lgpio_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """As if lgpio had never been imported; returns the runtime directory that systemd gives."""
    for module in ("lgpio", "gpiozero.pins.lgpio"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setenv("LG_WD", "to be put back")
    monkeypatch.delenv("LG_WD")
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:/run/other")
    return tmp_path


def test_without_lgpio_it_says_what_to_install(
    no_lgpio_yet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(UnknownBackend, match=r"pip install -e '\.\[pi\]'"):
        board_factory()
    assert "LG_WD" not in os.environ, "no folder is made for nothing"


def test_lgpio_may_not_move_the_process(
    no_lgpio_yet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real one does at import; so does this, which then lacks all else, as without a chip."""
    library = no_lgpio_yet / "library"
    library.mkdir()
    (library / "lgpio.py").write_text("import os\nos.chdir(os.environ['LG_WD'])\n")
    monkeypatch.syspath_prepend(library)
    before = Path.cwd()
    with pytest.raises(ButtonsUnavailable, match=r"GPIO chip cannot be used.*group gpio"):
        GpioButtons({Button.MUTE: 6}).open(print)
    with pytest.raises(OutputsUnavailable, match=r"GPIO chip cannot be used.*group gpio"):
        GpioOutputs(OutputPins()).open()
    assert Path.cwd() == before != no_lgpio_yet
    sys.modules.pop("lgpio")


def test_a_line_that_is_busy_at_close_is_tried_again(edges: Heard[ButtonEdge]) -> None:
    tries: list[int] = []

    class Busy(MockPin):
        def close(self) -> None:
            tries.append(1)
            if len(tries) <= 3:
                raise RuntimeError("GPIO busy")
            super().close()

    buttons = GpioButtons({Button.MUTE: 6}, lambda: MockFactory(pin_class=Busy))
    buttons.open(edges)
    buttons.close()
    assert len(tries) > 3
    buttons.open(edges)
    buttons.close()
