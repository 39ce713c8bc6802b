"""What a finger on a button asks for: an action for a press, and another for a hold."""

from collections.abc import Mapping
from enum import Enum

from device.session.facts import ButtonReported
from hal import Button, Edge


class Action(Enum):
    """``CALL``: answer who rings, else call whom [ringing] names, else join the session, and in it
    answer or stay. ``OPEN_DOOR``: for ``door_open_s``."""

    NOTHING = "nothing"
    END_CALL = "end_call"
    MUTE = "mute"
    CAMERA_SWITCH = "camera_switch"
    CALL = "call"
    OPEN_DOOR = "open_door"


PRESSES: Mapping[Button, Action] = {
    Button.END_CALL: Action.END_CALL,
    Button.MUTE: Action.MUTE,
    Button.CAMERA_SWITCH: Action.CAMERA_SWITCH,
    Button.CALL: Action.CALL,
}


def press_of(action: Action) -> ButtonReported:
    """The press that a call takes for this action."""
    (button,) = (each for each, act in PRESSES.items() if act is action)
    return ButtonReported(button, Edge.PRESSED)


class Gestures:
    """Turns the edges of the buttons into actions. A press acts at the first contact; where a hold asks
    for something, too, at the release, since only then it is known not to be a hold."""

    def __init__(self, holds: Mapping[Button, Action]) -> None:
        self._holds = {button: act for button, act in holds.items() if act is not Action.NOTHING}
        self._undecided: set[Button] = set()

    def action(self, reported: ButtonReported) -> Action:
        button, edge = reported.button, reported.edge
        if button not in self._holds:
            return PRESSES[button] if edge is Edge.PRESSED else Action.NOTHING
        if edge is Edge.PRESSED:
            self._undecided.add(button)
            return Action.NOTHING
        if button not in self._undecided:
            return Action.NOTHING
        self._undecided.discard(button)
        return self._holds[button] if edge is Edge.HELD else PRESSES[button]
