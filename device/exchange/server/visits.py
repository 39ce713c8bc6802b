"""Visitors: who has a link may call whom it names, and nothing else, until it is over.

A visitor is no user: no directory, no group and no call reaches one, and what serves a visitor has to
say so (accounts.UserOrVisitor). Who has called is known by name in the call, and nowhere else.
"""

import math
import secrets
from collections import deque

from device.exchange.server.authority import Authority
from device.exchange.server.clock import Clock
from device.exchange.server.errands import Errands
from device.exchange.server.outbox import Batch, Outbox
from device.exchange.server.passwords import is_shown
from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing.deadlines import Deadlines
from device.exchange.server.ringing.switchboard import WallClock
from device.exchange.server.store import Account, Link, Store, Visitor, digest, new_secret
from device.exchange.wire import InitiateCall, NewLink, User

LONGEST_S = 366 * 86_400
MAX_VISITORS = 64
"""Of one link. Of more than so many the first who came, do not listen and are in no call have to open it
again."""

MOST_CALLS = 5
WITHIN_S = 300.0
"""By one link, whoever has it: a courier may ring again, one that got about keeps nobody awake."""


class Visits:
    """All visitors' links of an exchange, and who has come by them."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        authority: Authority,
        clock: Clock,
        errands: Errands,
        wall_s: WallClock,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._authority = authority
        self._wall_s = wall_s
        self._clock = clock
        self._asked_s: dict[str, deque[float]] = {}
        """When each link was last used for calling; in memory, as with attempts.py."""
        self._deadlines = Deadlines(clock, errands, self._on_due)

    async def open(self) -> None:
        """Links that the store has end when they have to."""
        for link in await self._store.links.all():
            self._arm(link)

    def close(self) -> None:
        """Idempotent."""
        self._deadlines.close()

    async def make(self, maker: Account, wanted: NewLink) -> tuple[Link, str]:
        """A link, and its secret. Raises Refusal: not_permitted, body_invalid, callee_unknown."""
        now = self._wall_s()
        if not is_shown(wanted.name, 256) or not now < wanted.expires_at <= now + LONGEST_S:
            raise Refusal(
                "body_invalid", "A link needs a name that can be shown, and an end within a year."
            )
        secret = new_secret()
        link = Link(
            secrets.token_urlsafe(12), digest(secret), wanted.name, wanted.receiver_type,
            wanted.receiver, wanted.expires_at,
        )  # fmt: skip
        if not _is_for(link, maker):
            raise Refusal("not_permitted", "Only an admin makes links for others.")
        async with self._store.transaction():
            accounts = self._store.accounts
            is_user = wanted.receiver_type == "user"
            if await (accounts.get if is_user else accounts.group)(wanted.receiver) is None:
                raise Refusal("callee_unknown", "There is nobody of that name to call.")
            await self._store.links.put(link)
        self._arm(link)
        return link, secret

    async def links(self, viewer: Account) -> list[Link]:
        """Those that the viewer may take back."""
        return [link for link in await self._store.links.all() if _is_for(link, viewer)]

    async def remove(self, viewer: Account, link_id: str) -> None:
        """Who has come by it is out of everything. Raises Refusal: link_unknown."""
        async with self._outbox.batch() as batch:
            link = await self._store.links.get(link_id)
            if link is None or not _is_for(link, viewer):
                raise Refusal("link_unknown", "There is no such link.")
            await self._end(batch, link)

    async def visit(self, secret: str, name: str) -> tuple[Visitor, str]:
        """A visitor, and the auth token. Raises Refusal: body_invalid, link_refused."""
        if not is_shown(name, 64):
            raise Refusal("body_invalid", "Say your name, as it can be shown.")
        async with self._store.transaction():
            link = await self._store.links.by_key(digest(secret))
            if link is None or self._is_over(link):
                raise Refusal("link_refused", "This link is over. Ask for a new one.")
            user = User(f"visitor-{secrets.token_urlsafe(12)}", name, kind="visitor")
            visitor, token = Visitor(user, link), new_secret()
            await self._store.links.add_visitor(digest(token), visitor, MAX_VISITORS)
        return visitor, token

    async def visitor(self, token: str) -> Visitor | None:
        """Whose auth token that is, while the link lasts."""
        found = await self._store.links.visitor(digest(token))
        return None if found is None or self._is_over(found.link) else found

    async def check_may_call(self, token: str, wanted: InitiateCall) -> None:
        """For whose auth token that is. Raises Refusal: not_permitted, too_many_attempts."""
        found = await self.visitor(token)
        called = wanted.receiver_type, wanted.receiver
        if found is None or called != (found.link.receiver_type, found.link.receiver):
            raise Refusal("not_permitted", "This link is not for calling them.")
        self._count(found.link.link_id)

    async def check_may_join(self, session_id: str) -> None:
        """Visitors are in the session of their call only. Raises Refusal: not_permitted."""
        if await self._store.calls.get(session_id) is None:
            raise Refusal("not_permitted", "This link is for calls only.")

    async def sign_out(self, token: str) -> None:
        """Out of everything. Idempotent."""
        async with self._outbox.batch() as batch:
            found = await self._store.links.visitor(digest(token))
            if found is not None:
                await self._authority.revoke(batch, found.user.uid)
                await self._store.links.drop_visitor(digest(token))

    def _count(self, link_id: str) -> None:
        now_s = self._clock.now_s()
        asked_s = self._asked_s.setdefault(link_id, deque(maxlen=MOST_CALLS))
        if len(asked_s) == MOST_CALLS and (wait_s := asked_s[0] + WITHIN_S - now_s) > 0:
            seconds = math.ceil(wait_s)
            raise Refusal(
                "too_many_attempts",
                f"Too many calls by this link. Wait {seconds} seconds.",
                seconds,
            )
        asked_s.append(now_s)

    def _is_over(self, link: Link) -> bool:
        return link.expires_at <= self._wall_s()

    def _arm(self, link: Link) -> None:
        self._deadlines.set(link.link_id, link.expires_at, self._wall_s())

    async def _on_due(self, link_id: str, _: float) -> None:
        async with self._outbox.batch() as batch:
            link = await self._store.links.get(link_id)
            if link is not None:
                await self._end(batch, link)

    async def _end(self, batch: Batch, link: Link) -> None:
        await self._authority.end_link(batch, link)
        batch.then(lambda: self._forget(link.link_id))

    def _forget(self, link_id: str) -> None:
        self._deadlines.set(link_id, None, 0.0)
        self._asked_s.pop(link_id, None)


def _is_for(link: Link, account: Account) -> bool:
    """Whether somebody may make and take back such a link: for themselves, and an admin for anyone."""
    return account.role == "admin" or (
        (link.receiver_type, link.receiver) == ("user", account.user.uid)
    )
