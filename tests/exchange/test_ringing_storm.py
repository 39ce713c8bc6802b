"""Ringing in any order: callers, receivers, time-outs, lost lines, restarts of the exchange.

The exchange's own parts on a real database, without HTTP, so that thousands of stories can be told.
Every device keeps its own picture from what it was told; after each step it must be the exchange's.
"""

import asyncio
import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from device.exchange import wire
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.parts import Parts, make_parts
from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing import actions as do
from device.exchange.server.ringing.device_desk import key_of
from device.exchange.server.ringing.values import Status
from device.exchange.server.store import Account, Group, Member, SqliteStore, digest
from device.exchange.server.tokens import Claims
from tests.exchange.conftest import HandClock, Wall

UIDS = ("door", "ana", "ben")
STOPS = ("answered_elsewhere", "cancelled", "unanswered", "ended")
OVER = ("rejected", "busy", "unanswered", "ended")

users = st.sampled_from(UIDS)
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Thousands of databases are not for a card."""
WHICH = [(uid, number) for uid in UIDS for number in "12"]
devices = st.sampled_from(WHICH)


@dataclass
class Device:
    """One device as it sees things from what it is told."""

    uid: str
    device_id: str
    key: bytes
    after: int = 0
    ringing: set[str] = field(default_factory=set)
    active: str | None = None
    line: ExitStack | None = None


class Ringing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="callbox-storm-", dir=MEMORY))
        self.wall, self.clock = Wall(), HandClock()
        self.config = ExchangeConfig(self.folder, port=0, tls=False, wall_s=self.wall)
        self.devices: dict[tuple[str, str], Device] = {}
        self.secrets: dict[str, tuple[str, str]] = {}
        self.known: list[str] = []
        self.listening = ExitStack()
        self.parts: Parts

    def teardown(self) -> None:
        self.loop.run_until_complete(self.parts.aclose())
        self.loop.run_until_complete(self.parts.store.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)

    @initialize()
    def people(self) -> None:
        async def make() -> None:
            store = SqliteStore(self.folder)
            for uid in UIDS:
                await store.accounts.put(Account(wire.User(uid, uid), "no password"))
            await store.accounts.put_group(Group("family", "Family", UIDS))
            self.parts = await make_parts(self.config, store, self.clock)

        self.loop.run_until_complete(make())
        for which in WHICH:
            self.plug_in(which)

    @rule()
    def networks_go(self) -> None:
        """Of all who are in a session, without a word."""
        self.listening.close()

    @rule(which=devices)
    def plug_in(self, which: tuple[str, str]) -> None:
        uid, device_id = which
        key = key_of(uid, device_id)
        made = self.loop.run_until_complete(self.parts.devices.register(uid, device_id))
        device = self.devices.get(which)
        if device is None or device.line is None:
            device = self.devices[which] = Device(uid, device_id, key)
            device.line = ExitStack()
            device.line.enter_context(self.parts.bus.listen(key))
        else:
            self.loop.run_until_complete(self._read(device))
        device.after = made.after
        device.ringing = {call.session_id for call in made.ringing}
        is_here = made.active is not None and any(
            (party.user.uid, party.device_id) == which for party in made.active.parties
        )
        device.active = made.active.session_id if made.active and is_here else None

    @rule(which=devices)
    def line_breaks(self, which: tuple[str, str]) -> None:
        device = self.devices.pop(which, None)
        if device is not None and device.line is not None:
            device.line.close()

    @rule(which=devices, receiver=st.sampled_from([*UIDS, "family", "family"]))
    def initiate(self, which: tuple[str, str], receiver: str) -> None:
        kind: Any = "group" if receiver == "family" else "user"
        wanted = wire.InitiateCall(receiver, which[1], kind)
        with suppress(Refusal):
            call = self.loop.run_until_complete(self.parts.switchboard.initiate(which[0], wanted))
            if call.session_id not in self.known:
                self.known.append(call.session_id)
            if (device := self.devices.get(which)) and call.status.is_live:
                device.ringing.discard(call.session_id)
                device.active = call.session_id

    @rule(which=devices, number=st.integers(0, 2))
    def accept(self, which: tuple[str, str], number: int) -> None:
        self._act(self._ringing(which[0], number), do.Accept(*which), which)

    @rule(which=devices, number=st.integers(0, 2), is_busy=st.booleans())
    def reject(self, which: tuple[str, str], number: int, is_busy: bool) -> None:
        action = do.Reject(*which, "busy" if is_busy else "rejected")
        self._act(self._ringing(which[0], number), action, which)

    @rule(which=devices, number=st.integers(0, 2))
    def cancel(self, which: tuple[str, str], number: int) -> None:
        self._act(self._known(number), do.Cancel(which[0]), which)

    @rule(which=devices, number=st.integers(0, 2))
    def end(self, which: tuple[str, str], number: int) -> None:
        self._act(self._known(number), do.End(which[0]), which)

    @rule(uid=users)
    def clear(self, uid: str) -> None:
        call = self.loop.run_until_complete(self.parts.switchboard.active_call(uid))
        self.loop.run_until_complete(self.parts.switchboard.clear_active_call(uid))
        if call is not None:
            self._forget(uid, call.session_id)

    @rule(uid=users, number=st.integers(0, 2))
    def enter_session(self, uid: str, number: int) -> None:
        session_id = self._known(number)
        now = int(self.wall.now_s)
        claims = Claims(wire.User(uid, uid), session_id, ("publish",), 2**40, "x", False, 0, now)
        with suppress(Refusal):
            joining = self.parts.rooms.join(claims, wire.State(False, False), False, 0.0)
            member, secret = self.loop.run_until_complete(joining)
            self.listening.enter_context(self.parts.bus.listen(member.key))
            self.secrets[uid] = secret, session_id

    @rule(uid=users)
    def leave_session(self, uid: str) -> None:
        secret, session_id = self.secrets.pop(uid, ("", ""))
        if secret and self.loop.run_until_complete(self.parts.store.members.get(digest(secret))):
            self.loop.run_until_complete(self.parts.rooms.leave(secret))
            self._forget(uid, session_id)

    @rule(by=users, uid=users)
    def removes(self, by: str, uid: str) -> None:
        """One member of a session another."""
        if member := self._member(by):
            now = self.wall.now_s
            with suppress(Refusal):
                self.loop.run_until_complete(self.parts.rooms.expel(member, uid, now, now + 600))

    @rule(by=users)
    def ends_for_all(self, by: str) -> None:
        if member := self._member(by):
            self.loop.run_until_complete(self.parts.rooms.end_for_all(member))
            self._forget(by, member.session_id)

    def _member(self, uid: str) -> Member | None:
        secret, _ = self.secrets.get(uid, ("", ""))
        return self.loop.run_until_complete(self.parts.store.members.get(digest(secret)))

    @rule(seconds=st.sampled_from([1, 10, 30, 46, 61]))
    def time_passes(self, seconds: float) -> None:
        self.wall.now_s += seconds
        self._turn(seconds)

    @rule(away_s=st.sampled_from([0, 5, 100]))
    def restart(self, away_s: float) -> None:
        """Of the exchange. The devices come back at once."""

        async def again() -> None:
            await self.parts.aclose()
            await self.parts.store.aclose()
            self.clock = HandClock()
            self.parts = await make_parts(self.config, SqliteStore(self.folder), self.clock)
            await self.parts.open()

        self.listening.pop_all()
        self.loop.run_until_complete(again())
        self.wall.now_s += away_s
        for device in self.devices.values():
            assert device.line is not None
            device.line.pop_all()  # the exchange of before is gone, and its bus with it
            device.line.enter_context(self.parts.bus.listen(device.key))
        self._turn(0)

    def _known(self, number: int) -> str:
        """One of the last calls, live or not."""
        return self.known[-1 - number % len(self.known)] if self.known else "no such call"

    def _ringing(self, uid: str, number: int) -> str:
        """A call that rings for this user, if there is one; else any."""
        ringing = self.loop.run_until_complete(self.parts.switchboard.ringing_calls(uid))
        return ringing[number % len(ringing)].session_id if ringing else self._known(number)

    def _act(self, session_id: str, action: Any, which: tuple[str, str]) -> None:
        with suppress(Refusal):
            self.loop.run_until_complete(self.parts.switchboard.act(session_id, action))
            device = self.devices.get(which)
            if isinstance(action, do.Accept) and device is not None:
                device.ringing.discard(session_id)
                device.active = session_id
            elif isinstance(action, do.Reject) and device is not None:
                device.ringing.discard(session_id)
            elif isinstance(action, do.End | do.Cancel):
                self._forget(which[0], session_id)

    def _forget(self, uid: str, session_id: str) -> None:
        """Who ends a call is not told of it; other devices of the same person are not in it."""
        for device in self.devices.values():
            if device.uid == uid and device.active == session_id:
                device.active = None

    def _turn(self, seconds: float) -> None:
        """Time passes, and what that sets off is done."""

        async def turn() -> None:
            self.clock.turn(seconds)
            await self.parts.errands.aclose()

        self.loop.run_until_complete(turn())

    async def _read(self, device: Device) -> None:
        for event in await self.parts.store.queues.after(device.key, device.after, 1000):
            device.after = event.number
            call = msgspec.json.decode(event.data, type=wire.CallNews).call.session_id
            if event.name == "incoming":
                assert call not in device.ringing, "told twice that it rings"
                device.ringing.add(call)
            elif call in device.ringing:
                assert event.name in STOPS, event
                device.ringing.discard(call)
            elif event.name in OVER:
                assert device.active == call, f"told twice that it is over: {event}"
                device.active = None
            else:
                assert event.name in ("accepted", "left"), f"told what is not its own: {event}"
                assert device.active == call

    @invariant()
    def everybody_knows_how_things_stand(self) -> None:
        self.loop.run_until_complete(self._check())

    async def _check(self) -> None:
        board = self.parts.switchboard
        for device in self.devices.values():
            await self._read(device)
            ringing = await board.ringing_calls(device.uid)
            assert device.ringing == {call.session_id for call in ringing}
            active = await board.active_call(device.uid)
            party = active.party(device.uid) if active else None
            is_here = party is not None and party.device == device.device_id
            assert device.active == (active.session_id if active and is_here else None)
        await self._check_calls()

    async def _check_calls(self) -> None:
        """Nobody is in two, and none is left for ever: time will end it, or two are in its session."""
        engaged: list[str] = []
        for call in await self.parts.store.calls.live():
            engaged += [party.uid for party in call.parties if party.standing.is_engaged]
            if call.status is Status.ONGOING:
                away = [party for party in call.parties if party.away_since is not None]
                assert away or len(await self.parts.rooms.members_of(call.session_id)) >= 2
        assert len(engaged) == len(set(engaged))


STORIES = int(os.environ.get("CALLBOX_STORIES", 1500 if "CI" in os.environ else 300))

Ringing.TestCase.settings = settings(
    max_examples=STORIES, stateful_step_count=20, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
TestRinging = Ringing.TestCase
