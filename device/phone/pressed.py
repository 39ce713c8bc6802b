"""What a button asks of the phone. Pure."""

from device.phone.inputs import Command, Dial, HangUp, PickUp, Refuse
from device.phone.state import PhoneState
from device.phone.table import Phase
from device.session.gestures import Action


def command_for(action: Action, state: PhoneState, whom: Dial | None) -> Command | None:
    """None: it is not the phone's. ``whom``: whom the call button calls now, if anybody."""
    if action is Action.CALL:
        if state.phase is Phase.RINGING:
            return PickUp()
        return whom if state.phase is Phase.IDLE else None
    if action is Action.END_CALL:
        if state.phase is Phase.RINGING:
            return Refuse()
        return HangUp() if state.phase in (Phase.CALLING, Phase.ANSWERING) else None
    return None
