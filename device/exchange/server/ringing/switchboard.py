"""Ringing: the table, with the store, the sessions and the clock round it."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from device.exchange.server.clock import Clock
from device.exchange.server.errands import Errands
from device.exchange.server.outbox import Batch, Outbox
from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing import actions as do
from device.exchange.server.ringing.deadlines import Deadlines
from device.exchange.server.ringing.step import Rules, begin, due_at, step
from device.exchange.server.ringing.values import Call, Party, Standing, Status, Tell
from device.exchange.server.ringing.views import item_of, with_names
from device.exchange.server.rooms import Rooms
from device.exchange.server.store import Store
from device.exchange.wire import CallNews, InitiateCall, Reason

WallClock = Callable[[], float]

_LEFT: dict[Reason, Callable[[str], do.Action]] = {
    "connection_lost": do.Lose,
    "removed": do.Remove,
}
"""What it is for the call that somebody has left the session."""


class Switchboard:
    """All ringing calls of an exchange."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        rooms: Rooms,
        rules: Rules,
        clock: Clock,
        errands: Errands,
        wall_s: WallClock,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._rooms = rooms
        self._rules = rules
        self._wall_s = wall_s
        self._deadlines = Deadlines(clock, errands, self._on_due)
        rooms.watch_with(self)

    async def open(self) -> None:
        """Go on counting for the calls that the store has."""
        for call in await self._store.calls.live():
            self._arm(call)

    def close(self) -> None:
        """Idempotent."""
        self._deadlines.close()

    async def initiate(self, uid: str, wanted: InitiateCall) -> Call:
        """Ring. A call that the receiver is making to this user at the same time is answered instead.

        Raises Refusal: device_unknown, caller_busy, own_call, callee_unknown, callee_not_reachable.
        """
        async with self._outbox.batch() as batch:
            await self._check_device(uid, wanted.device_id)
            engaged = await self.active_call(uid)
            if engaged is not None:
                if _is_same(engaged, uid, wanted):
                    return engaged
                raise Refusal("caller_busy", "You are in a call already. End it first.")
            receivers = await self._receivers(uid, wanted)
            crossed = await self._crossed(uid, wanted)
            if crossed is not None:
                return await self._do(batch, crossed, do.Accept(uid, wanted.device_id))
            await self._check_reachable(receivers)
            now = self._wall_s()
            ringing = [Party(each, await self._standing(each)) for each in receivers]
            caller = Party(uid, Standing.CALLING, wanted.device_id)
            call = Call(
                f"call-{secrets.token_urlsafe(16)}", wanted.call_type, wanted.receiver_type,
                wanted.receiver, Status.INITIATED, now, (caller, *ringing),
            )  # fmt: skip
            call, news = begin(await with_names(self._store, call), now)
            await self._keep(batch, call, news, uid)
            if call.status.is_live:
                await self._refuse_others(batch, uid, call)
            return call

    async def act(
        self, session_id: str, action: do.Accept | do.Reject | do.Cancel | do.End
    ) -> Call:
        """What a party does. Raises Refusal: call_not_found, already_in_call, device_unknown, and
        those of ``step``."""
        async with self._outbox.batch() as batch:
            call = await self.call(session_id, action.uid)
            if isinstance(action, do.Accept):
                await self._check_device(action.uid, action.device)
                engaged = await self.active_call(action.uid)
                if engaged is not None and engaged.session_id != session_id:
                    raise Refusal("already_in_call", "You are in another call. End it first.")
            return await self._do(batch, call, action)

    async def call(self, session_id: str, uid: str) -> Call:
        """A call, for one of its parties. Raises Refusal: call_not_found, not_in_call."""
        call = await self._store.calls.get(session_id)
        if call is None:
            raise Refusal("call_not_found", "There is no such call.")
        if call.party(uid) is None:
            raise Refusal("not_in_call", "You are not a part of this call.")
        return call

    async def active_call(self, uid: str) -> Call | None:
        """The call that keeps this user from another one."""
        for call in await self._store.calls.live_of(uid):
            party = call.party(uid)
            if party is not None and party.standing.is_engaged:
                return call
        return None

    async def ringing_calls(self, uid: str) -> list[Call]:
        """The calls that ring for this user, the oldest first."""
        return [
            call
            for call in await self._store.calls.live_of(uid)
            if call.party(uid) in call.standing(Standing.RINGING)
        ]

    async def clear_active_call(self, uid: str) -> None:
        """Leave the active call, or give it up. Idempotent."""
        async with self._outbox.batch() as batch:
            call = await self.active_call(uid)
            if call is not None:
                is_on = call.status is Status.ONGOING
                await self._do(batch, call, do.End(uid) if is_on else do.Cancel(uid))

    async def check_may_join(self, session_id: str, uid: str) -> None:
        """The session of a call is for who is in the call.

        Raises Refusal: call_terminated, removed_from_session, not_in_call.
        """
        call = await self._store.calls.get(session_id)
        if call is None:
            return
        if not call.status.is_live:
            raise Refusal("call_terminated", f"The call is over: {call.status.value}.")
        party = call.party(uid)
        if party is not None and party.standing is Standing.REMOVED:
            raise Refusal("removed_from_session", "You were removed from this call.")
        if party is None or party.standing is not Standing.JOINED:
            raise Refusal("not_in_call", "You are not a part of this call.")

    async def may_see(self, session_id: str, uid: str) -> bool:
        """Who is in the session of a call is for its parties to know."""
        call = await self._store.calls.get(session_id)
        return call is None or call.party(uid) is not None

    async def is_initiator(self, session_id: str, uid: str) -> bool:
        call = await self._store.calls.get(session_id)
        return call is not None and call.initiator.uid == uid

    async def entered(self, batch: Batch, session_id: str, uid: str) -> None:
        """A user is in a session now (SessionWatch)."""
        await self.check_may_join(session_id, uid)
        await self._report(batch, await self._store.calls.get(session_id), do.Enter(uid))

    async def left(self, batch: Batch, session_id: str, uid: str, reason: Reason) -> None:
        """A user is in a session no longer (SessionWatch)."""
        call = await self._store.calls.get(session_id)
        await self._report(batch, call, _LEFT.get(reason, do.End)(uid))

    async def end_for_all(self, batch: Batch, session_id: str, uid: str) -> None:
        """A user ends the session for everybody (SessionWatch)."""
        await self._report(batch, await self._store.calls.get(session_id), do.EndForAll(uid))

    async def vanished(self, batch: Batch, uid: str, device_id: str) -> None:
        """A device has gone."""
        for call in await self._store.calls.live_of(uid):
            await self._report(batch, call, do.Vanish(uid, device_id))

    async def withdraw(self, batch: Batch, uid: str) -> None:
        """A user is out of all calls, and rung by none."""
        for call in await self._store.calls.live_of(uid):
            party = call.party(uid)
            if party is not None and party.standing in _WITHDRAWN:
                await self._do(batch, call, _WITHDRAWN[party.standing](uid))

    async def _on_due(self, session_id: str, when: float) -> None:
        async with self._outbox.batch() as batch:
            call = await self._store.calls.get(session_id)
            if call is not None and call.status.is_live:
                await self._do(batch, call, do.Due(), max(when, self._wall_s()))

    async def _report(self, batch: Batch, call: Call | None, fact: do.Action) -> None:
        """What has happened; too late for the call, it is passed over."""
        if call is not None:
            with suppress(Refusal):
                await self._do(batch, call, fact)

    async def _do(
        self, batch: Batch, call: Call, action: do.Action, now: float | None = None
    ) -> Call:
        at = self._wall_s() if now is None else now
        after, news = step(call, action, at, self._rules)
        by = None if isinstance(action, do.Due) else action.uid
        await self._keep(batch, after, news, by)
        if call.status.is_live and not after.status.is_live:
            await self._rooms.clear(batch, after.session_id)
        if isinstance(action, do.Accept) and after is not call:
            await self._refuse_others(batch, action.uid, after)
        return after

    async def _keep(self, batch: Batch, call: Call, news: tuple[Tell, ...], by: str | None) -> None:
        await self._store.calls.put(call)
        batch.then(partial(self._arm, call))
        for party in call.parties:
            batch.announce(party.uid)
        if not news:
            return
        told = CallNews(await item_of(self._store, call), by)
        for tell in news:
            for device in await self._store.devices.of_user(tell.uid):
                if tell.device in (None, device.device_id) and tell.but != device.device_id:
                    await batch.post(device.key, tell.news.value, told)

    def _arm(self, call: Call) -> None:
        self._deadlines.set(call.session_id, due_at(call, self._rules), self._wall_s())

    async def _refuse_others(self, batch: Batch, uid: str, engaged: Call) -> None:
        """Who is in a call now is busy for whatever else rings."""
        for call in await self.ringing_calls(uid):
            if call.session_id != engaged.session_id:
                await self._do(batch, call, do.Reject(uid, "", "busy"))

    async def _receivers(self, uid: str, wanted: InitiateCall) -> list[str]:
        if wanted.receiver_type == "user":
            if wanted.receiver == uid:
                raise Refusal("own_call", "You cannot call yourself.")
            known = await self._store.accounts.get(wanted.receiver)
            receivers = [] if known is None else [wanted.receiver]
        else:
            group = await self._store.accounts.group(wanted.receiver)
            receivers = [] if group is None else [each for each in group.members if each != uid]
        if not receivers:
            raise Refusal("callee_unknown", "There is nobody of that name to call.")
        return receivers

    async def _crossed(self, uid: str, wanted: InitiateCall) -> Call | None:
        """The call that the wanted receiver is making to this user."""
        for call in await self.ringing_calls(uid):
            is_theirs = (wanted.receiver_type, wanted.receiver) == ("user", call.initiator.uid)
            if is_theirs and call.status is Status.INITIATED:
                return call
        return None

    async def _check_reachable(self, uids: list[str]) -> None:
        for uid in uids:
            if await self._store.devices.of_user(uid):
                return
        raise Refusal("callee_not_reachable", "Nobody there is reachable now. Try again later.")

    async def _check_device(self, uid: str, device_id: str) -> None:
        devices = await self._store.devices.of_user(uid)
        if device_id not in [device.device_id for device in devices]:
            raise Refusal("device_unknown", "Register this device first.")

    async def _standing(self, uid: str) -> Standing:
        """Of one who is to be rung. Who has no device, or does not want to be disturbed, misses the
        call: nobody waits for an answer that cannot come."""
        if await self.active_call(uid) is not None:
            return Standing.BUSY
        devices = await self._store.devices.of_user(uid)
        rings = any(not device.do_not_disturb for device in devices)
        return Standing.RINGING if rings else Standing.MISSED


_WITHDRAWN: dict[Standing, Callable[[str], do.Action]] = {
    Standing.CALLING: do.Cancel,
    Standing.JOINED: do.End,
    Standing.RINGING: lambda uid: do.Reject(uid, "", "rejected"),
}


def _is_same(call: Call, uid: str, wanted: InitiateCall) -> bool:
    """Whether it is what is wanted: the request came twice."""
    return (
        call.status is Status.INITIATED
        and (call.initiator.uid, call.initiator.device) == (uid, wanted.device_id)
        and (call.receiver_type, call.receiver) == (wanted.receiver_type, wanted.receiver)
        and call.call_type == wanted.call_type
    )
