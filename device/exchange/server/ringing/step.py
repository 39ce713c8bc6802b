"""What an action does to a call: pure, over one table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing import actions as do
from device.exchange.server.ringing.table import REFUSED, TABLE
from device.exchange.server.ringing.values import Call, News, Party, Standing, Status, Tell

Outcome = tuple[Call, tuple[Tell, ...]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds. ``rejoin_within_s``: how long who is in a call may be away from its session."""

    ring_for_s: float = 45.0
    rejoin_within_s: float = 60.0


def step(call: Call, action: do.Action, now: float, rules: Rules) -> Outcome:
    """The call after the action, and who is to be told what. ``now``: Unix seconds.

    Raises Refusal (call_terminated, call_not_started, call_answered, answered_elsewhere,
    not_in_call, not_caller, not_receiver); the call is as it was then.
    """
    reachable = TABLE.get((call.status, type(action)))
    if reachable is None:
        raise _refusal(call, action)
    after, news = _ON[type(action)](call, action, now, rules)
    assert after.status in reachable, (call.status, action, after.status)
    return after, news


def begin(call: Call, now: float) -> Outcome:
    """A new call: it rings those of its parties who are RINGING. If none is, it is BUSY at once."""
    ringing = call.standing(Standing.RINGING)
    if not ringing:
        caller = replace(call.initiator, standing=Standing.LEFT)
        return replace(call.with_party(caller), status=Status.BUSY, ended_at=now), ()
    return call, tuple(Tell(party.uid, News.INCOMING) for party in ringing)


def due_at(call: Call, rules: Rules) -> float | None:
    """When to come back with Due (Unix seconds); None: never, unless something else happens."""
    times = [
        party.away_since + rules.rejoin_within_s
        for party in call.standing(Standing.JOINED)
        if party.away_since is not None
    ]
    if call.standing(Standing.RINGING):
        times.append(call.initiated_at + rules.ring_for_s)
    return min(times, default=None) if call.status.is_live else None


def _refusal(call: Call, action: do.Action) -> Refusal:
    if not call.status.is_live:
        return Refusal("call_terminated", f"The call is over: {call.status.value}.")
    return Refusal(*REFUSED.get((call.status, type(action)), ("call_not_started", "Not yet.")))


def _accept(call: Call, action: do.Accept, now: float, _: Rules) -> Outcome:
    party = _receiver(call, action.uid)
    if party.standing is Standing.REMOVED:
        raise Refusal("removed_from_session", "You were removed from this call.")
    if party.standing is Standing.JOINED:
        _check_device(party, action.device)
        return call, ()
    after = _joined(call, party, action.device, now)
    told = [
        Tell(each.uid, News.ACCEPTED, each.device)
        for each in call.standing(Standing.CALLING, Standing.JOINED)
    ]
    if party.standing is Standing.RINGING:
        told.append(Tell(party.uid, News.ANSWERED_ELSEWHERE, but=action.device))
    return after, tuple(told)


def _joined(call: Call, party: Party, device: str, now: float) -> Call:
    joined = replace(
        party, standing=Standing.JOINED, device=device, joined_at=now, left_at=None, away_since=now
    )
    after = call.with_party(joined)
    if call.status is Status.INITIATED:
        caller = replace(call.initiator, standing=Standing.JOINED, joined_at=now, away_since=now)
        after = replace(after.with_party(caller), status=Status.ONGOING, joined_at=now)
    return after


def _reject(call: Call, action: do.Reject, now: float, _: Rules) -> Outcome:
    party = _receiver(call, action.uid)
    if party.standing is Standing.JOINED:
        _check_device(party, action.device)
        raise Refusal("call_answered", "You have answered the call. End it instead.")
    if party.standing is not Standing.RINGING:
        return call, ()
    refused = Standing.BUSY if action.reason == "busy" else Standing.REJECTED
    after = call.with_party(replace(party, standing=refused))
    told = [Tell(party.uid, News.ANSWERED_ELSEWHERE, but=action.device)]
    if call.status is Status.INITIATED and not after.standing(Standing.RINGING):
        after = replace(after, status=_refused(after), ended_at=now)
        news = News.BUSY if after.status is Status.BUSY else News.REJECTED
        after = after.with_party(replace(call.initiator, standing=Standing.LEFT))
        told.append(Tell(call.initiator.uid, news, call.initiator.device))
    return after, tuple(told)


def _refused(call: Call) -> Status:
    """Of a call that nobody rings for: those who do not want to be disturbed count as busy."""
    is_rejected = call.standing(Standing.REJECTED)
    return Status.REJECTED if is_rejected else Status.BUSY


def _cancel(call: Call, action: do.Cancel, now: float, _: Rules) -> Outcome:
    if action.uid != call.initiator.uid:
        _receiver(call, action.uid)
        raise Refusal("not_caller", "Only the caller can cancel a call. Reject it instead.")
    return _given_up(call, Status.CANCELLED, News.CANCELLED, now)


def _vanish(call: Call, action: do.Vanish, now: float, _: Rules) -> Outcome:
    if (call.initiator.uid, call.initiator.device) != (action.uid, action.device):
        return call, ()
    return _given_up(call, Status.CANCELLED, News.CANCELLED, now)


def _given_up(call: Call, status: Status, news: News, now: float) -> Outcome:
    """An unanswered call ends: nobody rings any more."""
    ringing = call.standing(Standing.RINGING)
    after = replace(call, status=status, ended_at=now)
    for party in ringing:
        after = after.with_party(replace(party, standing=Standing.MISSED))
    after = after.with_party(replace(call.initiator, standing=Standing.LEFT))
    return after, tuple(Tell(party.uid, news) for party in ringing)


def _end(call: Call, action: do.End, now: float, _: Rules) -> Outcome:
    party = _member(call, action.uid)
    if party.standing in (Standing.LEFT, Standing.REMOVED):
        return call, ()
    if party.standing is not Standing.JOINED:
        raise Refusal("call_not_started", "You have not answered the call. Reject it instead.")
    return _leave(call, party, now)


def _remove(call: Call, action: do.Remove, now: float, _: Rules) -> Outcome:
    party = _member(call, action.uid)
    if party.standing is Standing.LEFT:
        return call.with_party(replace(party, standing=Standing.REMOVED)), ()
    if party.standing is not Standing.JOINED:
        return call, ()
    after, told = _leave(call, party, now, Standing.REMOVED)
    return after, (*told, Tell(party.uid, News.ENDED, party.device))


def _end_for_all(call: Call, action: do.EndForAll, now: float, _: Rules) -> Outcome:
    party = _member(call, action.uid)
    if party.standing is Standing.JOINED:  # they know
        call = call.with_party(_gone(party, now))
    return _over(call, now)


def _leave(call: Call, party: Party, now: float, standing: Standing = Standing.LEFT) -> Outcome:
    """One goes; with fewer than two left the call ends."""
    after = call.with_party(_gone(party, now, standing))
    staying = after.standing(Standing.JOINED)
    if len(staying) > 1:
        return after, tuple(Tell(each.uid, News.LEFT, each.device) for each in staying)
    return _over(after, now)


def _over(call: Call, now: float) -> Outcome:
    """The call ends for who is in it or rings still."""
    staying, ringing = call.standing(Standing.JOINED), call.standing(Standing.RINGING)
    after = replace(call, status=Status.ENDED, ended_at=now)
    for each in staying:
        after = after.with_party(_gone(each, now))
    for each in ringing:
        after = after.with_party(replace(each, standing=Standing.MISSED))
    told = [Tell(each.uid, News.ENDED, each.device) for each in staying]
    told += [Tell(each.uid, News.ENDED) for each in ringing]
    return after, tuple(told)


def _gone(party: Party, now: float, standing: Standing = Standing.LEFT) -> Party:
    return replace(party, standing=standing, left_at=now, away_since=None)


def _enter(call: Call, action: do.Enter, _: float, __: Rules) -> Outcome:
    party = _member(call, action.uid)
    return call.with_party(replace(party, away_since=None)), ()


def _lose(call: Call, action: do.Lose, now: float, _: Rules) -> Outcome:
    party = _member(call, action.uid)
    if party.standing is not Standing.JOINED:
        return call, ()
    return call.with_party(replace(party, away_since=now)), ()


def _due(call: Call, _: do.Due, now: float, rules: Rules) -> Outcome:
    told: tuple[Tell, ...] = ()
    ringing = call.standing(Standing.RINGING)
    if ringing and now >= call.initiated_at + rules.ring_for_s:
        if call.status is Status.INITIATED:
            after, told = _given_up(call, Status.UNANSWERED, News.UNANSWERED, now)
            caller = Tell(call.initiator.uid, News.UNANSWERED, call.initiator.device)
            return after, (*told, caller)
        for party in ringing:
            call = call.with_party(replace(party, standing=Standing.MISSED))
        told = tuple(Tell(party.uid, News.UNANSWERED) for party in ringing)
    for party in call.standing(Standing.JOINED):
        is_gone = party.away_since is not None and now >= party.away_since + rules.rejoin_within_s
        if is_gone and call.status.is_live:
            call, more = _leave(call, party, now)
            told += (*more, Tell(party.uid, News.ENDED, party.device))
    return call, told


def _member(call: Call, uid: str) -> Party:
    party = call.party(uid)
    if party is None:
        raise Refusal("not_in_call", "You are not a part of this call.")
    return party


def _receiver(call: Call, uid: str) -> Party:
    party = _member(call, uid)
    if uid == call.initiator.uid and call.status is Status.INITIATED:
        raise Refusal("not_receiver", "You are the caller. Cancel the call instead.")
    return party


def _check_device(party: Party, device: str) -> None:
    if party.device != device:
        raise Refusal("answered_elsewhere", "Another of your devices has answered already.")


_ON: dict[type[do.Action], Callable[[Call, Any, float, Rules], Outcome]] = {
    do.Accept: _accept,
    do.Reject: _reject,
    do.Cancel: _cancel,
    do.End: _end,
    do.Enter: _enter,
    do.Lose: _lose,
    do.Remove: _remove,
    do.EndForAll: _end_for_all,
    do.Vanish: _vanish,
    do.Due: _due,
}
