"""From edges to actions."""

import pytest
from hypothesis import given, strategies as st

from device.session.facts import ButtonReported
from device.session.gestures import PRESSES, Action, Gestures
from hal import Button, Edge

SHORT = (Edge.PRESSED, Edge.RELEASED)
LONG = (Edge.PRESSED, Edge.HELD, Edge.RELEASED)
HOLDS = {Button.MUTE: Action.OPEN_DOOR, Button.END_CALL: Action.NOTHING}


def asked(gestures: Gestures, button: Button, edges: tuple[Edge, ...]) -> list[Action]:
    return [gestures.action(ButtonReported(button, edge)) for edge in edges]


@pytest.mark.parametrize("button", [each for each in Button if each is not Button.MUTE])
@pytest.mark.parametrize("edges", [SHORT, LONG])
def test_a_press_acts_at_once_where_no_hold_is_set(button: Button, edges: tuple[Edge, ...]) -> None:
    first, *others = asked(Gestures(HOLDS), button, edges)
    assert first is PRESSES[button]
    assert set(others) == {Action.NOTHING}


def test_where_a_hold_is_set_a_short_press_acts_at_its_release() -> None:
    assert asked(Gestures(HOLDS), Button.MUTE, SHORT) == [Action.NOTHING, Action.MUTE]


def test_a_hold_acts_while_it_is_held_and_its_release_does_not() -> None:
    gestures = Gestures(HOLDS)
    nothing = Action.NOTHING
    assert asked(gestures, Button.MUTE, LONG) == [nothing, Action.OPEN_DOOR, nothing]
    assert asked(gestures, Button.MUTE, SHORT) == [nothing, Action.MUTE]


def test_every_button_has_an_action() -> None:
    assert set(PRESSES) == set(Button)


@given(st.lists(st.tuples(st.sampled_from(list(Button)), st.sampled_from([SHORT, LONG]))))
def test_each_gesture_is_one_action(pressed: list[tuple[Button, tuple[Edge, ...]]]) -> None:
    gestures = Gestures(HOLDS)
    for button, edges in pressed:
        actions = [each for each in asked(gestures, button, edges) if each is not Action.NOTHING]
        assert len(actions) == 1
