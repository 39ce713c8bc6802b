"""Who is in which session.

The store is the truth, so a session survives a restart of the exchange: its members have
``gone_after_s`` to open their event streams again.
"""

from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from typing import Protocol

from device.exchange.server.outbox import Batch, Outbox
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import Event, Member, Session, Store, digest, new_secret
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


class SessionWatch(Protocol):
    """Is told, within the transaction, who comes and goes."""

    async def entered(self, batch: Batch, session_id: str, uid: str) -> None:
        """Raises Refusal for one who may not; then they are not in."""
        ...

    async def left(self, batch: Batch, session_id: str, uid: str, reason: Reason) -> None: ...

    async def end_for_all(self, batch: Batch, session_id: str, uid: str) -> None: ...


class Unwatched:
    """Nobody wants to know."""

    async def entered(self, batch: Batch, session_id: str, uid: str) -> None:
        pass

    async def left(self, batch: Batch, session_id: str, uid: str, reason: Reason) -> None:
        pass

    async def end_for_all(self, batch: Batch, session_id: str, uid: str) -> None:
        pass


class Rooms:
    """All sessions of an exchange."""

    def __init__(self, store: Store, outbox: Outbox, max_members: int) -> None:
        self._store = store
        self._outbox = outbox
        self._max_members = max_members
        self._watch: SessionWatch = Unwatched()

    def watch_with(self, watch: SessionWatch) -> None:
        self._watch = watch

    async def open(self) -> None:
        """Members whom the store has get their time to come back."""
        async with self._outbox.batch() as batch:
            for member in await self._store.members.all():
                batch.expect(member.key, partial(self._lost, member.key))

    async def join(
        self, claims: Claims, state: State, audio_only: bool, now: float
    ) -> tuple[Member, str]:
        """Enter, replacing an older membership of the same user. Also the new resume secret.

        ``now``: Unix seconds. Raises Refusal: token_revoked, removed_from_session, token_reused,
        session_full, and what the watch raises; a token for single use is used up only by who got in.
        """
        session_id, secret = claims.session_id, new_secret()
        async with self._outbox.batch() as batch:
            await self._admit(claims, now)
            session = await self._store.members.session(session_id)
            await self._replace(batch, claims)
            # Without its only member the session went; it is the same one still.
            await self._store.members.put_session(session or Session(session_id, audio_only, None))
            member = await self._store.members.add(
                digest(secret), session_id, claims.user, state, claims.grants
            )
            for other in await self._others(member):
                await batch.post(other.key, "joined", member.item)
            await self._watch.entered(batch, session_id, claims.user.uid)
            batch.expect(member.key, partial(self._lost, member.key))
        return member, secret

    async def _admit(self, claims: Claims, now: float) -> None:
        if claims.generation != await self._store.accounts.generation(claims.user.uid):
            raise Refusal("token_revoked", "The call token was taken back. Sign in again.")
        void_from = await self._store.members.tokens_void_since(claims.session_id, claims.user.uid)
        if void_from is not None and claims.issued_at <= void_from:
            raise Refusal("removed_from_session", "You were removed from this session.")
        if claims.single_use and not await self._store.accounts.use_call_token(
            claims.token_id, claims.expires_at, now
        ):
            raise Refusal(
                "token_reused", "The call token has been used already. Ask for a new one."
            )
        present = await self.members_of(claims.session_id)
        if sum(member.user.uid != claims.user.uid for member in present) >= self._max_members:
            raise Refusal(
                "session_full", f"The session is full: {self._max_members} are in it already."
            )

    async def _replace(self, batch: Batch, claims: Claims) -> None:
        for member in await self.members_of(claims.session_id):
            if member.user.uid == claims.user.uid:
                await self._remove(batch, member, "replaced")

    async def member(self, secret: str) -> Member:
        """Raises Refusal: not_in_session."""
        member = await self._store.members.get(digest(secret))
        if member is None:
            raise Refusal("not_in_session", "You are not in a session. Join again.")
        return member

    async def members_of(self, session_id: str) -> list[Member]:
        return await self._store.members.of_session(session_id)

    async def is_audio_only(self, session_id: str) -> bool:
        session = await self._store.members.session(session_id)
        return session is not None and session.audio_only

    async def sessions(self) -> list[SessionItem]:
        """Those with somebody in them."""
        items: dict[str, SessionItem] = {}
        for member in await self._store.members.all():
            name = member.session_id
            if name not in items:
                items[name] = SessionItem(name, await self.is_audio_only(name), [])
            items[name].members.append(member.user)
        return list(items.values())

    async def signal(self, sender: Member, signal: SendSignal) -> None:
        """Raises Refusal: peer_not_in_session."""
        event = SignalEvent(sender.user.uid, signal.link, signal.kind, signal.body)
        async with self._outbox.batch() as batch:
            for member in await self._others(sender):
                if member.user.uid == signal.to:
                    await batch.post(member.key, "signal", event)
                    return
        raise Refusal("peer_not_in_session", "The one you signal to is not in this session.")

    async def set_state(self, member: Member, state: State) -> None:
        """What a member shows and lets hear; the others are told when it changed."""
        if state == member.state:
            return
        async with self._outbox.batch() as batch:
            await self._store.members.set_state(member.key, state)
            event = StateChanged(member.user.uid, state, member.user.uid)
            for other in await self._others(member):
                await batch.post(other.key, "state", event)

    async def request_video(self, member: Member) -> None:
        """Make the session a video session; the others are asked."""
        uid, session_id = member.user.uid, member.session_id
        async with self._outbox.batch() as batch:
            was_audio = await self.is_audio_only(session_id)
            await self._store.members.put_session(Session(session_id, False, uid))
            told = await self.members_of(session_id) if was_audio else [member]
            for each in told:
                await batch.post(each.key, "switched_to_video", SwitchedEvent(uid, None))
            for other in await self._others(member):
                await batch.post(other.key, "video_requested", By(uid))

    async def accept_video(self, member: Member) -> None:
        """Raises Refusal: no_video_request."""
        async with self._outbox.batch() as batch:
            session = await self._store.members.session(member.session_id)
            asked = None if session is None else session.video_requested_by
            if asked is None or asked == member.user.uid:
                raise Refusal("no_video_request", "Nobody has asked for video.")
            for each in await self.members_of(member.session_id):
                event = SwitchedEvent(asked, member.user.uid)
                await batch.post(each.key, "switched_to_video", event)

    async def mute(self, moderator: Member, uid: str) -> None:
        """Another's microphone, which they may open again. Everybody is told, and their unit or page
        mutes itself. Raises Refusal: not_in_session, peer_not_in_session."""
        async with self._outbox.batch() as batch:
            muted = await self._target(moderator, uid)
            state = replace(muted.state, audio_muted=True)
            await self._store.members.set_state(muted.key, state)
            event = StateChanged(uid, state, moderator.user.uid)
            for each in await self.members_of(moderator.session_id):
                # Who is silent for lack of a device is told all the same: they are to stay so.
                if each.key == muted.key or state != muted.state:
                    await batch.post(each.key, "state", event)

    async def expel(self, moderator: Member, uid: str, now: float, tokens_until: float) -> None:
        """Put another out, and void the call tokens that they have for this session; of which none
        lives longer than ``tokens_until`` (Unix seconds, as ``now``).

        Raises Refusal: not_in_session, peer_not_in_session.
        """
        async with self._outbox.batch() as batch:
            member = await self._target(moderator, uid)
            await self._store.members.void_tokens(member.session_id, uid, now, tokens_until)
            await self._remove(batch, member, "removed")
            await self._watch.left(batch, member.session_id, uid, "removed")

    async def end_for_all(self, moderator: Member) -> None:
        """The session is over for everybody in it."""
        async with self._outbox.batch() as batch:
            await self._watch.end_for_all(batch, moderator.session_id, moderator.user.uid)
            await self.clear(batch, moderator.session_id)

    async def _target(self, moderator: Member, uid: str) -> Member:
        present = await self.members_of(moderator.session_id)
        if moderator.key not in [each.key for each in present]:
            raise Refusal("not_in_session", "You are not in the session any more.")
        for each in present:
            if each.user.uid == uid and each.key != moderator.key:
                return each
        raise Refusal("peer_not_in_session", "No other of that name is in this session.")

    async def leave(self, secret: str) -> None:
        """Idempotent."""
        await self._take_out(digest(secret), "remote_end")

    async def clear(self, batch: Batch, session_id: str) -> None:
        """The session is over for all who are in it."""
        for member in await self.members_of(session_id):
            await self._remove(batch, member, "remote_end")

    async def remove_user(self, batch: Batch, uid: str) -> None:
        """Somebody may be in no session any more."""
        for member in await self._store.members.of_user(uid):
            await self._out(batch, member, "removed")

    async def resume(self, member: Member, after: int) -> None:
        """Check that a member can be told all that happened after event number ``after``.

        Raises Refusal: not_in_session, where they cannot; they are out then.
        """
        if not await self._outbox.can_resume(member.key, after):
            await self._lost(member.key)
            raise Refusal("not_in_session", "You were away for too long. Join again.")

    def events(
        self, member: Member, after: int, keepalive_s: float
    ) -> AsyncGenerator[Event | None, None]:
        """The member's events after number ``after``, as Outbox.stream has them."""
        on_gap = partial(self._lost, member.key)
        return self._outbox.stream(member.key, after, keepalive_s, on_gap)

    async def _lost(self, key: bytes) -> None:
        await self._take_out(key, "connection_lost")

    async def _take_out(self, key: bytes, reason: Reason) -> None:
        async with self._outbox.batch() as batch:
            member = await self._store.members.get(key)
            if member is not None:
                await self._out(batch, member, reason)

    async def _out(self, batch: Batch, member: Member, reason: Reason) -> None:
        await self._remove(batch, member, reason)
        await self._watch.left(batch, member.session_id, member.user.uid, reason)

    async def _remove(self, batch: Batch, member: Member, reason: Reason) -> None:
        for other in await self._others(member):
            await batch.post(other.key, "left", Left(member.user.uid, reason))
        await batch.dismiss(member.key, reason)
        await self._store.members.remove(member)

    async def _others(self, member: Member) -> list[Member]:
        present = await self.members_of(member.session_id)
        return [other for other in present if other.key != member.key]
