"""What a phone does that it is asked. Pure."""

from device.errors import CallInProgress, ExchangeUnreachable, NotAvailable, NotInSession
from device.phone.draft import Draft
from device.phone.effects import Accept, Initiate, PublishDoNotDisturb
from device.phone.events import DoNotDisturbChanged
from device.phone.inputs import Command, Dial, HangUp, PickUp, Refuse, SetDoNotDisturb
from device.phone.state import Ringing
from device.phone.table import Phase, Trigger
from device.phone.values import Farewell, PhoneCall, Stop


def take(draft: Draft, given: Command) -> None:
    match given:
        case Dial():
            _dial(draft, given)
        case PickUp():
            pick_up(draft, _first(draft))
        case Refuse():
            ringing = _first(draft).call
            draft.stopped(ringing.session_id, Stop.HUNG_UP)
            draft.goodbye(ringing.session_id, Farewell.REJECT)
        case HangUp():
            _hang_up(draft)
        case SetDoNotDisturb(on=on):
            set_do_not_disturb(draft, on)


def pick_up(draft: Draft, ringing: Ringing) -> None:
    draft.drop(ringing.call.session_id)
    draft.move(Trigger.ANSWER)
    draft.change(call=ringing.call, since_s=ringing.since_s)
    draft.do(Accept(ringing.call.session_id))


def set_do_not_disturb(draft: Draft, on: bool) -> None:
    if on is not draft.state.do_not_disturb:
        draft.change(do_not_disturb=on)
        draft.tell(DoNotDisturbChanged(on))
        draft.do(PublishDoNotDisturb(on))


def _dial(draft: Draft, given: Dial) -> None:
    if draft.state.phase is Phase.RINGING:
        raise CallInProgress("The unit is rung. First: callbox answer, or callbox reject.")
    if draft.state.phase is not Phase.IDLE:
        raise CallInProgress("The unit is in a call. End it first: callbox end.")
    if not draft.state.is_line_up:
        raise ExchangeUnreachable("The exchange cannot be reached now, so nobody can be called.")
    whom = given.whom
    call = PhoneCall("", whom.name, whom.name, whom.is_group, True, given.audio_only)
    for goodbye in draft.state.left:
        if goodbye.how is Farewell.CLEAR:
            draft.forget(goodbye)  # it would clear the new one
    draft.move(Trigger.CALL)
    draft.change(call=call, since_s=draft.now_s)
    draft.wish(Initiate(whom, given.audio_only))


def _first(draft: Draft) -> Ringing:
    if draft.state.phase is not Phase.RINGING:
        raise NotAvailable("Nobody rings this unit.")
    return draft.state.ringing[0]


def _hang_up(draft: Draft) -> None:
    call, phase = draft.state.call, draft.state.phase
    if call is None:
        raise NotInSession("No call is on. Begin one with `callbox call`.")
    draft.over(Stop.HUNG_UP)
    if call.session_id:  # else it is cancelled once the exchange has said what it is
        how = Farewell.CANCEL if phase is Phase.CALLING else Farewell.END
        draft.goodbye(call.session_id, how)
