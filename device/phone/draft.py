"""A step under way: the state as it becomes, what is to be done, what is told."""

from dataclasses import replace
from typing import Any

from device.phone.effects import Effect, Initiate, SayGoodbye
from device.phone.events import CallConnected, PhoneCallOver, PhoneEvent, RingingStopped
from device.phone.state import PhoneState, Ringing
from device.phone.table import Phase, Trigger, move
from device.phone.values import Farewell, Goodbye, PhoneCall, Stop

LIVE = (Phase.CALLING, Phase.ANSWERING, Phase.IN_CALL)


class Draft:
    def __init__(self, state: PhoneState, now_s: float) -> None:
        self.state = state
        self.now_s = now_s
        self.effects: list[Effect] = []
        self.events: list[PhoneEvent] = []

    def change(self, **fields: Any) -> None:
        self.state = replace(self.state, **fields)

    def move(self, trigger: Trigger) -> None:
        self.change(phase=move(self.state.phase, trigger))

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def tell(self, event: PhoneEvent) -> None:
        self.events.append(event)

    def is_mine(self, session_id: str) -> bool:
        """Whether it is the call that is made, answered or on."""
        call = self.state.call
        return self.state.phase in LIVE and call is not None and call.session_id == session_id

    def wish(self, wish: Initiate) -> None:
        """Ask for a call; one at a time, so that the exchange has heard what became of the last."""
        if self.state.is_asking:
            self.change(next_wish=wish)
        else:
            self.change(is_asking=True)
            self.do(wish)

    def answered(self) -> Initiate | None:
        """The exchange has said what came of the last wish. Returns the one that has waited for it."""
        waiting = self.state.next_wish
        self.change(is_asking=False, next_wish=None)
        return waiting

    def connected(self, call: PhoneCall) -> None:
        """From now on the unit is in this call."""
        self.drop(call.session_id)
        self.move(Trigger.CONNECTED)
        self.change(call=call, next_wish=None, rejoin_at_s=None)
        self.tell(CallConnected(call))

    def over(self, how: Stop, message: str = "") -> None:
        """The call that is made, answered or on is no longer."""
        call = self.state.call
        assert call is not None
        self.move(Trigger.OVER)
        self.change(call=None, next_wish=None, rejoin_at_s=None)
        self.tell(PhoneCallOver(call, how, message))

    def goodbye(self, session_id: str, how: Farewell) -> None:
        """Tell the exchange, until it has heard."""
        farewell = Goodbye(session_id, how)
        if farewell not in self.state.left:
            self.change(left=(*self.state.left, farewell))
            self.do(SayGoodbye(farewell))

    def forget(self, goodbye: Goodbye) -> None:
        left = tuple(each for each in self.state.left if each != goodbye)
        self.change(left=left, goodbye_at_s=self.state.goodbye_at_s if left else None)

    def has_left(self, session_id: str) -> bool:
        return any(each.session_id == session_id for each in self.state.left)

    def drop(self, session_id: str) -> Ringing | None:
        """It rings no more."""
        found = next((each for each in self.state.ringing if _id(each) == session_id), None)
        self.change(ringing=tuple(each for each in self.state.ringing if each is not found))
        return found

    def stopped(self, session_id: str, how: Stop) -> None:
        """It rings no more, and was not answered here."""
        found = self.drop(session_id)
        if found is not None:
            self.tell(RingingStopped(found.call, how))


def _id(ringing: Ringing) -> str:
    return ringing.call.session_id
