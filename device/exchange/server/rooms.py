"""Who is in which session.

The database is the truth, so a session survives a restart of the exchange: its members have
``gone_after_s`` to open their event streams again.
"""

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from device.exchange.server.clock import Clock
from device.exchange.server.members import Member, read_members
from device.exchange.server.outbox import Event, Outbox
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import Store, digest, new_secret
from device.exchange.server.tokens import Claims
from device.exchange.wire import (
    By,
    Left,
    Reason,
    SendSignal,
    SessionItem,
    SignalEvent,
    State,
    StateChanged,
    SwitchedEvent,
)


class Rooms:
    """All sessions of an exchange. Methods are for the event loop's thread."""

    def __init__(self, store: Store, max_members: int, gone_after_s: float, clock: Clock) -> None:
        self._store = store
        self._max_members = max_members
        self._outbox = Outbox(store, clock, gone_after_s, self._lost)
        for member in self._members("where true"):
            self._outbox.add(member.key)

    def close(self) -> None:
        """End all event streams; members stay and may come back to the next start. Idempotent."""
        self._outbox.close()

    def join(
        self, claims: Claims, state: State, audio_only: bool, now: float
    ) -> tuple[Member, str]:
        """Enter, replacing an older membership of the same user. Also the new resume secret.

        ``now``: Unix seconds. Raises Refusal: token_reused, session_full; a token for single use
        is used up only by who got in.
        """
        session_id = claims.session_id
        with self._store.transaction():
            if claims.single_use and not self._store.use_token(
                claims.token_id, claims.expires_at, now
            ):
                raise Refusal(
                    "token_reused", "The call token has been used already. Ask for a new one."
                )
            present = self.members_of(session_id)
            old = [member for member in present if member.user.uid == claims.user.uid]
            if len(present) - len(old) >= self._max_members:
                raise Refusal(
                    "session_full", f"The session is full: {self._max_members} are in it already."
                )
            for member in old:
                self._delete(member, "replaced")
            member, secret = self._insert(claims, state, audio_only)
            for other in self._others(member):
                self._post(other, "joined", asdict(member.item))
        for replaced in old:
            self._outbox.remove(replaced.key, "replaced")
        self._outbox.add(member.key)
        return member, secret

    def _insert(self, claims: Claims, state: State, audio_only: bool) -> tuple[Member, str]:
        secret, user, session_id = new_secret(), claims.user, claims.session_id
        with self._store.transaction() as db:
            db.execute(
                "insert or ignore into sessions values (?, ?, null, 0)", (session_id, audio_only)
            )
            (seq,) = db.execute(
                "update sessions set last_seq = last_seq + 1 where session_id = ? returning last_seq",
                (session_id,),
            ).fetchone()
            db.execute(
                "insert into members values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    digest(secret), session_id, user.uid, user.name, user.avatar, user.kind,
                    " ".join(claims.grants), seq, state.audio_muted, state.video_paused,
                ),
            )  # fmt: skip
        return self.member(secret), secret

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

    def resume(self, member: Member, after: int) -> None:
        """Check that a member can be told all that happened after event number ``after``.

        Raises Refusal: not_in_session, where they cannot; they are out then.
        """
        if not self._outbox.can_resume(member.key, after):
            self._remove(member, "connection_lost")
            raise Refusal("not_in_session", "You were away for too long. Join again.")

    def events(
        self, member: Member, after: int, keepalive_s: float
    ) -> AsyncGenerator[Event | None, None]:
        """The member's events after number ``after``, as Outbox.stream has them."""
        return self._outbox.stream(member.key, after, keepalive_s)

    def _lost(self, key: bytes) -> None:
        for member in self._members("where hash = ?", key):
            self._remove(member, "connection_lost")

    def _remove(self, member: Member, reason: Reason) -> None:
        with self._store.transaction() as db:
            self._delete(member, reason)
            db.execute(
                "delete from sessions where session_id = ? and session_id not in "
                "(select session_id from members)",
                (member.session_id,),
            )
        self._outbox.remove(member.key, reason)

    def _delete(self, member: Member, reason: Reason) -> None:
        """Within a transaction, after which the outbox is to be told."""
        with self._store.transaction() as db:
            db.execute("delete from members where hash = ?", (member.key,))
            for other in self._others(member):
                self._post(other, "left", asdict(Left(member.user.uid, reason)))

    def _post(self, member: Member, name: str, data: dict[str, Any]) -> None:
        self._outbox.post(member.key, name, data)

    def _others(self, member: Member) -> list[Member]:
        return [other for other in self.members_of(member.session_id) if other.key != member.key]

    def _members(self, clause: str, *values: Any) -> list[Member]:
        return read_members(self._store, clause, *values)

    def _row(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        return next(iter(self._store.read(query, *values)), None)
