"""What a phone makes of what is reported. Pure."""

from dataclasses import replace

from device.phone.commands_on import pick_up, set_do_not_disturb
from device.phone.draft import Draft
from device.phone.effects import Accept, Initiate, PublishDoNotDisturb, SayGoodbye
from device.phone.events import IncomingCall, LineChanged, OutgoingCall, PhoneError
from device.phone.inputs import (
    Accepted,
    Answered,
    Fact,
    Failed,
    Heard,
    Initiated,
    LineCame,
    LineReturned,
    LineWent,
    Rung,
    SessionFailed,
    SessionOver,
    Standing,
    Stopped,
    TimeOfDay,
    TimerFired,
)
from device.phone.state import Ringing
from device.phone.table import Phase, Trigger
from device.phone.values import Farewell, Goodbye, PhoneCall, Stop
from device.session.values import EndReason

AGAIN_S = 1.0
"""Until a session that broke is joined again, and until the exchange is told again."""
BROKEN = frozenset({EndReason.CONNECTION_LOST, EndReason.FAILED, EndReason.REFUSED})
"""Ends of a session that nobody wanted: the call goes on, as far as the exchange lets it."""
CONVERTED = {
    (Farewell.CANCEL, "call_answered"): Farewell.END,
    (Farewell.REJECT, "call_answered"): Farewell.END,
    (Farewell.END, "call_not_started"): Farewell.REJECT,
}
"""Where the call had gone on when the exchange heard of it."""


def take(draft: Draft, given: Fact) -> None:
    match given:
        case LineCame() | LineReturned() | LineWent():
            _line(draft, given)
        case Rung(call=call):
            _rung(draft, call)
        case Accepted(call=call):
            _accepted(draft, call)
        case Stopped(call=call, how=how):
            _stopped(draft, call, how)
        case Initiated() | Answered() | Failed() | Heard():
            _outcome(draft, given)
        case SessionOver() | SessionFailed():
            _session(draft, given)
        case TimeOfDay(minute=minute):
            _time_of_day(draft, minute)
        case TimerFired():
            _due(draft)


def _line(draft: Draft, given: LineCame | LineReturned | LineWent) -> None:
    match given:
        case LineCame():
            _line_came(draft, given)
        case LineReturned():
            _line_is_up(draft)
        case LineWent(message=message):
            if message != draft.state.line_trouble:
                draft.tell(LineChanged(False, message))
            draft.change(is_line_up=False, line_trouble=message)


def _line_came(draft: Draft, given: LineCame) -> None:
    known = {each.call.session_id: each for each in draft.state.ringing}
    told = {call.session_id for call in given.ringing}
    for session_id in known.keys() - told:
        draft.stopped(session_id, Stop.GONE)
    for call in given.ringing:
        _rung(draft, call)
    _reconcile(draft, given)
    _line_is_up(draft)


def _reconcile(draft: Draft, given: LineCame) -> None:
    """With the call that the exchange knows this device in."""
    mine, own = given.mine, draft.state.call
    if draft.state.phase in (Phase.IDLE, Phase.RINGING):
        if mine is not None and not draft.has_left(mine.session_id):
            _found(draft, mine, given.standing)
        return
    if own is None or not own.session_id or draft.state.phase is Phase.ANSWERING:
        return  # what was asked of the exchange has not been answered yet
    if mine is None or mine.session_id != own.session_id:
        draft.over(Stop.GONE)
        draft.goodbye(own.session_id, Farewell.END)
    elif draft.state.phase is Phase.CALLING and given.standing is Standing.JOINED:
        draft.connected(mine)


def _found(draft: Draft, mine: PhoneCall, standing: Standing) -> None:
    """After a restart."""
    if standing is Standing.JOINED:
        draft.connected(mine)
    elif standing is Standing.CALLING:
        draft.move(Trigger.FOUND_CALLING)
        draft.change(call=mine, since_s=draft.now_s)
        draft.tell(OutgoingCall(mine))


def _line_is_up(draft: Draft) -> None:
    state = draft.state
    if not state.is_line_up:
        draft.tell(LineChanged(True))
    draft.change(
        is_line_up=True,
        line_trouble="",
        ringing=tuple(replace(each, is_tried=False) for each in state.ringing),
        rejoin_at_s=None,  # at once
        goodbye_at_s=draft.now_s if state.goodbye_at_s is not None else None,
    )
    draft.do(PublishDoNotDisturb(state.do_not_disturb))


def _rung(draft: Draft, call: PhoneCall) -> None:
    is_known = any(each.call.session_id == call.session_id for each in draft.state.ringing)
    if is_known or draft.is_mine(call.session_id) or draft.has_left(call.session_id):
        return
    draft.change(ringing=(*draft.state.ringing, Ringing(call, draft.now_s)))
    draft.tell(IncomingCall(call))


def _accepted(draft: Draft, call: PhoneCall) -> None:
    if draft.state.phase is Phase.CALLING and _is_ours(draft, call):
        draft.connected(call)


def _stopped(draft: Draft, call: PhoneCall, how: Stop) -> None:
    draft.stopped(call.session_id, how)
    if draft.is_mine(call.session_id) or (
        draft.state.phase is Phase.CALLING and _is_ours(draft, call)
    ):
        draft.over(how)


def _is_ours(draft: Draft, call: PhoneCall) -> bool:
    """The news of the call that is being made may overtake the answer that says which it is."""
    own = draft.state.call
    assert own is not None
    is_unknown = not own.session_id and call.is_outgoing and own.uid == call.uid
    return is_unknown or own.session_id == call.session_id


def _outcome(draft: Draft, given: Initiated | Answered | Failed | Heard) -> None:
    match given:
        case Initiated():
            _initiated(draft, given)
        case Answered(call=call):
            if draft.state.phase is Phase.ANSWERING and draft.is_mine(call.session_id):
                draft.connected(call)
        case Failed(effect=Initiate()):
            _not_initiated(draft, given)
        case Failed(effect=Accept(session_id=session_id)):
            _not_answered(draft, given, session_id)
        case Failed(effect=SayGoodbye(goodbye=goodbye)):
            _not_heard(draft, given, goodbye)
        case Heard(effect=SayGoodbye(goodbye=goodbye)):
            draft.forget(goodbye)


def _initiated(draft: Draft, given: Initiated) -> None:
    call, own, waiting = given.call, draft.state.call, draft.answered()
    is_calling = draft.state.phase is Phase.CALLING and own is not None and not own.session_id
    if not is_calling or waiting is not None:
        if given.over is None and not draft.is_mine(call.session_id):
            is_on = given.standing is Standing.JOINED  # given up meanwhile
            draft.goodbye(call.session_id, Farewell.END if is_on else Farewell.CANCEL)
        if waiting is not None:
            draft.wish(waiting)
    elif given.over is not None:
        draft.change(call=call)
        draft.over(given.over)
    elif given.standing is Standing.JOINED:
        draft.connected(call)
    else:
        draft.change(call=call)
        draft.tell(OutgoingCall(call))


def _not_initiated(draft: Draft, given: Failed) -> None:
    own, waiting = draft.state.call, draft.answered()
    if waiting is not None and not given.is_lost:
        draft.wish(waiting)
        return
    if draft.state.phase is Phase.CALLING and own is not None and not own.session_id:
        draft.over(Stop.FAILED, given.message)
    if given.is_lost and draft.state.call is None:
        draft.goodbye("", Farewell.CLEAR)


def _not_answered(draft: Draft, given: Failed, session_id: str) -> None:
    call = draft.state.call
    if draft.state.phase is not Phase.ANSWERING or call is None or call.session_id != session_id:
        return
    if not given.is_lost:
        draft.over(Stop.FAILED, given.message)
        return
    again = Ringing(call, draft.state.since_s, is_tried=True)
    draft.change(call=None, ringing=(again, *draft.state.ringing))
    draft.move(Trigger.NOT_ANSWERED)
    draft.tell(PhoneError(given.code, given.message))


def _not_heard(draft: Draft, given: Failed, goodbye: Goodbye) -> None:
    if given.is_lost:
        if goodbye in draft.state.left:
            draft.change(goodbye_at_s=draft.now_s + AGAIN_S)
        return
    draft.forget(goodbye)
    instead = CONVERTED.get((goodbye.how, given.code))
    if instead is not None:
        draft.goodbye(goodbye.session_id, instead)


def _session(draft: Draft, given: SessionOver | SessionFailed) -> None:
    if draft.state.phase is not Phase.IN_CALL or not draft.is_mine(given.session_id):
        return
    match given:
        case SessionOver(reason=EndReason.REPLACED):
            draft.over(Stop.ENDED)  # another device of ours goes on with it
        case SessionOver(reason=reason) if reason not in BROKEN:
            draft.over(Stop.HUNG_UP if reason is EndReason.LOCAL_END else Stop.ENDED)
            draft.goodbye(given.session_id, Farewell.END)
        case SessionFailed(is_final=True, message=message):
            draft.over(Stop.FAILED, message)
            draft.goodbye(given.session_id, Farewell.END)
        case _:
            draft.change(rejoin_at_s=draft.now_s + AGAIN_S)


def _time_of_day(draft: Draft, minute: int) -> None:
    """At the bounds of the hours only: in between a person decides."""
    hours = draft.state.settings.hours
    is_in = hours is not None and hours.has(minute)
    if is_in is not draft.state.is_in_hours:
        is_first = draft.state.is_in_hours is None
        draft.change(is_in_hours=is_in)
        if is_in or not is_first:
            set_do_not_disturb(draft, is_in)


def _due(draft: Draft) -> None:
    state, now_s = draft.state, draft.now_s
    for each in state.ringing:
        if now_s >= each.since_s + state.settings.ring_for_s:
            draft.stopped(each.call.session_id, Stop.TIMED_OUT)
    if state.gives_up_at_s is not None and now_s >= state.gives_up_at_s:
        _give_up(draft)
    if state.rejoin_at_s is not None and now_s >= state.rejoin_at_s:
        draft.change(rejoin_at_s=None)
    if state.goodbye_at_s is not None and now_s >= state.goodbye_at_s:
        draft.change(goodbye_at_s=None)
        draft.effects += [SayGoodbye(goodbye) for goodbye in state.left]
    is_answered = state.answers_at_s is not None and now_s >= state.answers_at_s
    if is_answered and draft.state.ringing[:1] == state.ringing[:1]:
        pick_up(draft, state.ringing[0])


def _give_up(draft: Draft) -> None:
    call = draft.state.call
    assert call is not None
    draft.over(Stop.TIMED_OUT)
    if call.session_id:
        draft.goodbye(call.session_id, Farewell.CANCEL)
    else:
        draft.goodbye("", Farewell.CLEAR)
