"""Lamps and the relay on gpiozero's mock lines."""

from collections.abc import Iterator
from functools import partial

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from hal import Lamp, Outputs, OutputsUnavailable
from hal.buttons import gpio
from hal.outputs.disabled import DisabledOutputs
from hal.outputs.gpio import GpioOutputs, OutputPins
from hal.outputs.simulated import SimulatedOutputs, ThreadKeeper
from tests.hal.listening import Heard

PINS = OutputPins(lamps={Lamp.IN_CALL: 5, Lamp.ERROR: 6}, door=26, door_maximum_s=2.0)


class LoudPin(MockPin):
    """A line that tells what it is driven to."""

    heard: "Heard[tuple[int, bool]]"

    def _change_state(self, value: bool) -> bool:
        changed = bool(super()._change_state(value))
        if changed:
            self.heard((int(self.info.name.removeprefix("GPIO")), bool(value)))
        return changed


class Rig:
    def __init__(self, pins: OutputPins = PINS, kind: type[LoudPin] = LoudPin) -> None:
        heard: Heard[tuple[int, bool]] = Heard()
        self.changes = heard
        self.factory = MockFactory(pin_class=type("_Pin", (kind,), {"heard": heard}))
        self.outputs = GpioOutputs(pins, lambda: self.factory, partial(ThreadKeeper, self.factory))
        self.outputs.open()

    def level(self, pin: int) -> bool:
        return bool(self.factory.pin(pin).state)

    def door(self) -> list[bool]:
        return [level for line, level in self.changes.items if line == 26]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.outputs.close()


def test_everything_is_off_at_first(rig: Rig) -> None:
    for pin in (5, 6, 26):
        assert rig.factory.pin(pin).function == "output"
        assert not rig.level(pin)


def test_a_lamp_is_lit_and_put_out(rig: Rig) -> None:
    rig.outputs.set_lamp(Lamp.IN_CALL, lit=True)
    rig.outputs.set_lamp(Lamp.IN_CALL, lit=True)
    assert rig.level(5)
    assert not rig.level(6)
    rig.outputs.set_lamp(Lamp.IN_CALL, lit=False)
    assert not rig.level(5)


def test_a_lamp_that_is_not_there_is_passed_over(rig: Rig) -> None:
    rig.outputs.set_lamp(Lamp.RECORDING, lit=True)
    assert not rig.changes.items


def test_the_door_shuts_by_itself(rig: Rig) -> None:
    rig.outputs.open_door(0.05)
    assert rig.level(26)
    rig.changes.wait(lambda items: (26, False) in items)
    assert rig.door() == [True, False]


def test_a_second_opening_starts_the_time_anew(rig: Rig) -> None:
    rig.outputs.open_door(2.0)
    rig.outputs.open_door(0.05)
    rig.changes.wait(lambda items: (26, False) in items)
    assert rig.door() == [True, False]
    rig.outputs.open_door(0.05)
    rig.changes.wait(lambda items: items.count((26, False)) == 2)


@pytest.mark.parametrize("duration_s", [0, -1, 2.1, float("nan"), float("inf")])
def test_the_relay_is_never_held_longer_than_allowed(rig: Rig, duration_s: float) -> None:
    with pytest.raises(ValueError, match=r"at most 2\.0"):
        rig.outputs.open_door(duration_s)
    assert not rig.level(26)


def test_closing_puts_everything_out_and_may_be_repeated(rig: Rig) -> None:
    rig.outputs.open_door(2.0)
    rig.outputs.set_lamp(Lamp.ERROR, lit=True)
    rig.outputs.close()
    rig.outputs.close()
    assert rig.changes.items[-2:] == [(26, False), (6, False)]
    rig.outputs.set_lamp(Lamp.ERROR, lit=True)
    with pytest.raises(OutputsUnavailable, match="closed"):
        rig.outputs.open_door(1.0)
    rig.outputs.open()
    assert not rig.level(26)


def test_lines_that_the_buttons_have_given_back_already_are_closed_all_the_same(rig: Rig) -> None:
    rig.outputs.set_lamp(Lamp.ERROR, lit=True)
    for pin in (5, 6):
        rig.factory.pin(pin).function = "input"
    rig.outputs.close()
    rig.outputs.open()
    assert not rig.level(6)


def test_a_lamp_that_cannot_be_closed_leaves_no_other_open(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(LoudPin):
        is_stuck = True

        def close(self) -> None:
            if self.info.name == "GPIO5" and Stuck.is_stuck:
                raise RuntimeError("GPIO busy")
            super().close()

    monkeypatch.setattr(gpio, "CLOSE_AGAIN_S", 0.0)
    rig = Rig(OutputPins({Lamp.IN_CALL: 5, Lamp.ERROR: 6}, door=26), Stuck)
    rig.outputs.set_lamp(Lamp.ERROR, lit=True)
    lamps = list(rig.outputs._lamps.values())
    rig.outputs.close()
    assert not rig.level(6)
    assert "GPIO busy" in caplog.text
    Stuck.is_stuck = False
    lamps[0].close()
    gpiozero.LED(6, pin_factory=rig.factory).close()


def test_a_second_opening_of_the_lines_is_refused(rig: Rig) -> None:
    with pytest.raises(OutputsUnavailable, match="open already"):
        rig.outputs.open()


@pytest.mark.parametrize(
    ("pins", "named"),
    [
        (OutputPins({Lamp.MUTED: 5, Lamp.ERROR: 77}), "GPIO 77 for the lamp error"),
        (OutputPins({Lamp.MUTED: 5}, door=5), "GPIO 5 for the door relay"),
    ],
)
def test_a_bad_pin_is_named_and_none_is_claimed(pins: OutputPins, named: str) -> None:
    factory = MockFactory(pin_class=MockPin)
    outputs = GpioOutputs(pins, lambda: factory, partial(ThreadKeeper, factory))
    with pytest.raises(OutputsUnavailable, match=named):
        outputs.open()
    led = gpiozero.LED(5, pin_factory=factory)
    led.close()
    factory.close()


def test_the_simulated_ones_can_be_looked_at() -> None:
    outputs = SimulatedOutputs()
    assert not outputs.is_lit(Lamp.MUTED)
    outputs.open()
    outputs.set_lamp(Lamp.MUTED, lit=True)
    outputs.open_door(5.0)
    assert outputs.is_lit(Lamp.MUTED)
    assert not outputs.is_lit(Lamp.ERROR)
    assert outputs.is_door_open
    outputs.close()
    assert not outputs.is_lit(Lamp.MUTED)
    assert not outputs.is_door_open


@pytest.mark.parametrize("outputs", [DisabledOutputs(), GpioOutputs(OutputPins(), MockFactory)])
def test_a_unit_without_outputs(outputs: Outputs) -> None:
    outputs.open()
    assert not outputs.has_door
    outputs.set_lamp(Lamp.ERROR, lit=True)
    with pytest.raises(OutputsUnavailable, match="no door relay"):
        outputs.open_door(1.0)
    outputs.close()
