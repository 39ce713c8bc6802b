"""Who is in which session, and what each has yet to be told.

The database is the truth, so a session survives a restart of the exchange: its members have
``gone_after_s`` to open their event streams again. What is only here, in memory, is who is listening.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from device.exchange.server.members import Member, read_members
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import Store, digest, new_secret
from device.exchange.server.tokens import Claims
from device.exchange.wire import (
    By,
    Left,
    Reason,
    Removed,
    SendSignal,
    SessionItem,
    SignalEvent,
    State,
    StateChanged,
    SwitchedEvent,
)

KEPT_EVENTS = 500
"""For each member. Who is further behind has left."""


class Timers(Protocol):
    """The event loop, or a test's own."""

    def call_later(self, delay: float, callback: Any, *args: Any) -> asyncio.TimerHandle: ...


@dataclass(slots=True)
class _Ear:
    """A member's event stream, or its absence."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stream: int = 0
    is_open: bool = False
    gone: asyncio.TimerHandle | None = None
    out_because: Reason | None = None


class Rooms:
    """All sessions of an exchange. Methods are for the event loop's thread."""

    def __init__(self, store: Store, max_members: int, gone_after_s: float, timers: Timers) -> None:
        self._store = store
        self._max_members = max_members
        self._gone_after_s = gone_after_s
        self._timers = timers
        self._ears: dict[bytes, _Ear] = {}
        self._is_closing = False
        for member in self._members("where true"):
            self._absent(member.key, self._ears.setdefault(member.key, _Ear()))

    def close(self) -> None:
        """End all event streams; members stay and may come back to the next start. Idempotent."""
        self._is_closing = True
        for ear in self._ears.values():
            if ear.gone is not None:
                ear.gone.cancel()
            ear.wake.set()

    def join(self, claims: Claims, state: State, audio_only: bool) -> tuple[Member, str]:
        """Enter, replacing an older membership of the same user. Also the new resume secret.

        Raises Refusal: session_full.
        """
        secret = new_secret()
        session_id = claims.session_id
        with self._store.transaction() as db:
            for old in self._members(
                "where session_id = ? and uid = ?", session_id, claims.user.uid
            ):
                self._remove(old, "replaced", is_last=False)
            others = self.members_of(session_id)
            if len(others) >= self._max_members:
                raise Refusal(
                    "session_full", f"The session is full: {self._max_members} are in it already."
                )
            db.execute(
                "insert or ignore into sessions values (?, ?, null, 0)", (session_id, audio_only)
            )
            (seq,) = db.execute(
                "update sessions set last_seq = last_seq + 1 where session_id = ? returning last_seq",
                (session_id,),
            ).fetchone()
            user = claims.user
            db.execute(
                "insert into members values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    digest(secret), session_id, user.uid, user.name, user.avatar, user.kind,
                    " ".join(claims.grants), seq, state.audio_muted, state.video_paused,
                ),
            )  # fmt: skip
            member = self.member(secret)
            for other in others:
                self._post(other, "joined", asdict(member.item))
        self._absent(member.key, self._ears.setdefault(member.key, _Ear()))
        return member, secret

    def member(self, secret: str) -> Member:
        """Raises Refusal: not_in_session."""
        for member in self._members("where hash = ?", digest(secret)):
            return member
        raise Refusal("not_in_session", "You are not in a session. Join again.")

    def members_of(self, session_id: str) -> list[Member]:
        return self._members("where session_id = ? order by seq", session_id)

    def is_audio_only(self, session_id: str) -> bool:
        row = self._row("select audio_only from sessions where session_id = ?", session_id)
        return bool(row and row[0])

    def sessions(self) -> list[SessionItem]:
        """Those with somebody in them."""
        names = dict.fromkeys(member.session_id for member in self._members("order by session_id"))
        return [
            SessionItem(
                name, self.is_audio_only(name), [member.user for member in self.members_of(name)]
            )
            for name in names
        ]

    def signal(self, sender: Member, signal: SendSignal) -> None:
        """Raises Refusal: peer_not_in_session."""
        for member in self._others(sender):
            if member.user.uid == signal.to:
                event = SignalEvent(sender.user.uid, signal.link, signal.kind, signal.body)
                with self._store.transaction():
                    self._post(member, "signal", asdict(event))
                return
        raise Refusal("peer_not_in_session", "The one you signal to is not in this session.")

    def set_state(self, member: Member, state: State) -> None:
        """What a member shows and lets hear; the others are told when it changed."""
        if state == member.state:
            return
        with self._store.transaction() as db:
            db.execute(
                "update members set audio_muted = ?, video_paused = ? where hash = ?",
                (state.audio_muted, state.video_paused, member.key),
            )
            event = StateChanged(member.user.uid, state, member.user.uid)
            for other in self._others(member):
                self._post(other, "state", asdict(event))

    def request_video(self, member: Member) -> None:
        """Make the session a video session; the others are asked."""
        uid = member.user.uid
        with self._store.transaction() as db:
            was_audio = self.is_audio_only(member.session_id)
            db.execute(
                "update sessions set audio_only = 0, video_requested_by = ? where session_id = ?",
                (uid, member.session_id),
            )
            told = self.members_of(member.session_id) if was_audio else [member]
            for each in told:
                self._post(each, "switched_to_video", asdict(SwitchedEvent(uid, None)))
            for other in self._others(member):
                self._post(other, "video_requested", asdict(By(uid)))

    def accept_video(self, member: Member) -> None:
        """Raises Refusal: no_video_request."""
        query = "select video_requested_by from sessions where session_id = ?"
        row = self._row(query, member.session_id)
        if not row or row[0] is None or row[0] == member.user.uid:
            raise Refusal("no_video_request", "Nobody has asked for video.")
        with self._store.transaction():
            event = asdict(SwitchedEvent(row[0], member.user.uid))
            for each in self.members_of(member.session_id):
                self._post(each, "switched_to_video", event)

    def leave(self, secret: str) -> None:
        """Idempotent."""
        for member in self._members("where hash = ?", digest(secret)):
            self._remove(member, "remote_end")

    def drop(self, member: Member) -> None:
        """Out, since it cannot be told all that it missed."""
        self._remove(member, "connection_lost")

    async def events(
        self, member: Member, after: int, keepalive_s: float
    ) -> AsyncIterator[tuple[int, str, str] | None]:
        """Each event after number ``after``: (id, name, JSON); None to keep the line warm.

        Ends when the member is out, another stream of the same member opens, or the exchange stops.
        Raises Refusal (not_in_session) when events after ``after`` are no longer kept.
        """
        ear = self._ears.setdefault(member.key, _Ear())
        ear.stream += 1
        mine = ear.stream
        ear.wake.set()
        self._listen(ear)
        try:
            while ear.stream == mine and not self._is_closing:
                ear.wake.clear()
                for event in self._events_after(member.key, after):
                    yield event
                    after = event[0]
                if ear.out_because is not None:
                    yield after + 1, "removed", json.dumps(asdict(Removed(ear.out_because)))
                    return
                try:
                    await asyncio.wait_for(ear.wake.wait(), keepalive_s)
                except TimeoutError:
                    yield None
        finally:
            if ear.stream == mine:
                ear.is_open = False
                self._absent(member.key, ear)

    def can_resume(self, member: Member, after: int) -> bool:
        """Whether every event after number ``after`` is still kept."""
        query = "select min(id), max(id) from events where hash = ?"
        first, last = self._row(query, member.key) or (None, None)
        newest = member.last_event if last is None else last
        return after <= newest and (first is None or after >= first - 1)

    def _events_after(self, key: bytes, after: int) -> list[tuple[int, str, str]]:
        query = "select id, name, data from events where hash = ? and id > ? order by id"
        return [(number, name, data) for number, name, data in self._store.read(query, key, after)]

    def _listen(self, ear: _Ear) -> None:
        ear.is_open = True
        if ear.gone is not None:
            ear.gone.cancel()
            ear.gone = None

    def _absent(self, key: bytes, ear: _Ear) -> None:
        """Nobody listens for this member: they have a while to come back."""
        if ear.out_because is not None:
            self._ears.pop(key, None)
        elif not self._is_closing:
            ear.gone = self._timers.call_later(self._gone_after_s, self._gone, key)

    def _gone(self, key: bytes) -> None:
        for member in self._members("where hash = ?", key):
            self._remove(member, "connection_lost")

    def _remove(self, member: Member, reason: Reason, is_last: bool = True) -> None:
        with self._store.transaction() as db:
            others = self._others(member)
            db.execute("delete from members where hash = ?", (member.key,))
            for other in others:
                self._post(other, "left", asdict(Left(member.user.uid, reason)))
            if not others and is_last:
                db.execute("delete from sessions where session_id = ?", (member.session_id,))
        ear = self._ears.get(member.key)
        if ear is None:
            return
        ear.out_because = reason
        ear.wake.set()
        if ear.gone is not None:
            ear.gone.cancel()
        if not ear.is_open:
            del self._ears[member.key]

    def _post(self, member: Member, name: str, data: dict[str, Any]) -> None:
        """Queue an event for one member; within a transaction."""
        with self._store.transaction() as db:
            (number,) = db.execute(
                "update members set last_event = last_event + 1 where hash = ? returning last_event",
                (member.key,),
            ).fetchone()
            db.execute(
                "insert into events values (?, ?, ?, ?)",
                (member.key, number, name, json.dumps(data)),
            )
            db.execute(
                "delete from events where hash = ? and id <= ?", (member.key, number - KEPT_EVENTS)
            )
        ear = self._ears.get(member.key)
        if ear is not None:
            ear.wake.set()

    def _others(self, member: Member) -> list[Member]:
        return [other for other in self.members_of(member.session_id) if other.key != member.key]

    def _members(self, clause: str, *values: Any) -> list[Member]:
        return read_members(self._store, clause, *values)

    def _row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        return next(iter(self._store.read(query, *values)), None)
