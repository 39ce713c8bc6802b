"""Whom one can call: read when something has changed, and told to those who watch."""

import asyncio
import math
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from device.exchange.server.bus import Bus
from device.exchange.server.clock import Clock, Timer
from device.exchange.server.directory.board import Board
from device.exchange.server.errands import Errands
from device.exchange.server.event_stream import MayListen
from device.exchange.server.store import Event, Store
from device.exchange.wire import Directory

PAUSE_S = 0.5
"""Between two readings. One takes some microseconds a user, however many have changed, and no more
are made where all units come back at once."""
READ_AGAIN_S = 5.0
"""What nobody announced, such as an account made beside the exchange, is seen so late at most."""
MAX_WATCHERS = 16
"""Of one user. The oldest of more than so many goes."""


@dataclass(slots=True, eq=False)
class _Watcher:
    is_doubtful: bool = False
    """Something has happened to the user: are they still signed in?"""


class DirectoryDesk:
    """The directory of an exchange, and its watchers. It keeps nothing but the last reading; what a
    watcher has not yet been told is never queued, and found when it comes to take it."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, errands: Errands) -> None:
        self._store = store
        self._clock = clock
        self._errands = errands
        self._board = Board()
        self._read_at_s = -math.inf
        self._is_stale = False
        self._watchers: dict[str, list[_Watcher]] = {}
        self._timer: Timer | None = None
        self._news = asyncio.Event()
        """Set when there is some, and then replaced."""
        self._is_closing = False
        bus.attend(self._changed)

    async def directory(self, uid: str) -> str:
        """For this user, at most PAUSE_S old: a wire.Directory as JSON."""
        await self._read_if_due()
        return self._board.directory(uid)

    async def watch(
        self, uid: str, after: int, keepalive_s: float, may_watch: MayListen
    ) -> AsyncGenerator[Sequence[Event] | None, None]:
        """The whole directory, and then what changes, in bursts, PAUSE_S apart at least; numbered from
        after ``after``. None to keep the line warm. Ends when the watcher may watch no more, or the
        exchange stops.
        """
        with self._registered(uid) as watcher:
            await self._read_if_due()
            seen = 0
            while not self._is_closing and watcher in self._watchers[uid]:
                news = self._board.news(seen, uid)
                seen = self._board.number
                yield [Event(after + at, *each) for at, each in enumerate(news, 1)] or None
                after += len(news)
                is_quiet = seen == self._board.number and not await self._told(keepalive_s)
                if is_quiet:
                    await self._read_if_due()
                if (is_quiet or watcher.is_doubtful) and not await may_watch():
                    return
                watcher.is_doubtful = False

    def close(self) -> None:
        """All watchers go. Idempotent."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        self._news.set()

    @contextmanager
    def _registered(self, uid: str) -> Iterator[_Watcher]:
        watcher = _Watcher()
        mine = self._watchers.setdefault(uid, [])
        mine.append(watcher)
        del mine[:-MAX_WATCHERS]
        if self._is_stale:
            self._tell_soon()
        try:
            yield watcher
        finally:
            with suppress(ValueError):
                mine.remove(watcher)
            if not mine:
                del self._watchers[uid]

    async def _told(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _changed(self, uid: str | None) -> None:
        self._is_stale = True
        for each in self._watchers if uid is None else (uid,):
            for watcher in self._watchers.get(each, ()):
                watcher.is_doubtful = True
        if self._watchers:
            self._tell_soon()

    def _tell_soon(self) -> None:
        if self._timer is None and not self._is_closing:
            when_s = max(self._clock.now_s(), self._read_at_s + PAUSE_S)
            self._timer = self._clock.call_at(when_s, lambda: self._errands.run(self._tell()))

    async def _tell(self) -> None:
        self._timer = None
        await self._read()
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _read_if_due(self) -> None:
        pause_s = PAUSE_S if self._is_stale else READ_AGAIN_S
        if self._clock.now_s() >= self._read_at_s + pause_s:
            await self._read()

    async def _read(self) -> None:
        self._read_at_s, self._is_stale = self._clock.now_s(), False
        contacts = await self._store.directory.contacts()
        self._board.read(Directory(contacts, await self._store.directory.groups()))
