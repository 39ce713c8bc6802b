"""The log of calls: a page of it, and how long it is kept."""

import asyncio
import base64
import logging
from collections.abc import Callable

from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing.views import item_of
from device.exchange.server.store import LogEntry, LogFilter, LogPlace, Store
from device.exchange.wire import CallLog, LogItem

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 3600.0
PORTION = 100
"""Calls that are forgotten together: some milliseconds, in which nothing else is done."""
PAUSE_S = 0.05
DAY_S = 24 * 3600.0


class LogBook:
    """The log as people read it. Forgets what is older or more than is to be kept."""

    def __init__(
        self, store: Store, wall_s: Callable[[], float], keep: int, keep_days: int | None
    ) -> None:
        self._store = store
        self._wall_s = wall_s
        self._keep = keep
        self._keep_days = keep_days
        self._forgetting: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._forgetting = asyncio.create_task(self._forget_for_ever(), name="log-keeper")

    async def aclose(self) -> None:
        """Idempotent."""
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.gather(self._forgetting, return_exceptions=True)

    async def page(
        self, uid: str | None, wanted: LogFilter, cursor: str | None, limit: int
    ) -> CallLog:
        """The next calls of a user's log; None: of everybody's, or, where the filter names a user, of
        theirs. Raises Refusal: cursor_invalid."""
        before = None if cursor is None else place_of(cursor)
        whose = uid or wanted.user
        async with self._store.transaction():
            log = self._store.call_log
            if whose is None:
                entries = await log.of_all(wanted, before, limit + 1)
            else:
                entries = await log.of(whose, wanted, before, limit + 1)
            calls = [await self._item(entry, whose) for entry in entries[:limit]]
        has_more = len(entries) > limit
        return CallLog(calls, cursor_of(entries[limit - 1].place) if has_more else None)

    async def forget_some(self) -> bool:
        """Whether there may be more to forget."""
        before = None if self._keep_days is None else self._wall_s() - self._keep_days * DAY_S
        return await self._store.call_log.forget(before, self._keep, PORTION) == PORTION

    async def _forget_for_ever(self) -> None:
        while True:
            has_more = False
            try:
                has_more = await self.forget_some()
            except Exception:
                logger.exception("the call log could not be shortened")
            await asyncio.sleep(PAUSE_S if has_more else LOOK_EVERY_S)

    async def _item(self, entry: LogEntry, whose: str | None) -> LogItem:
        call = await self._store.calls.get(entry.place.session_id)
        assert call is not None, "a log without its call"
        party = call.initiator if whose is None else call.party(whose)
        duration_s = None
        if call.joined_at is not None and party is not None and party.joined_at is not None:
            until = self._wall_s() if call.ended_at is None else call.ended_at
            duration_s = max(0.0, until - call.joined_at)
        item = await item_of(self._store, call)
        return LogItem(item, entry.direction, entry.status, duration_s)


def cursor_of(place: LogPlace) -> str:
    text = f"{place.initiated_at.hex()} {place.session_id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def place_of(cursor: str) -> LogPlace:
    """Raises Refusal: cursor_invalid."""
    try:
        began, _, session_id = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return LogPlace(float.fromhex(began), session_id)
    except (ValueError, OverflowError):
        raise Refusal("cursor_invalid", "That is not where a page of the log begins.") from None
