"""What each member and each device has yet to be told: rows in the store, and a bus that wakes."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

from device.exchange.server.bus import Bus, Ear, OnAbsent
from device.exchange.server.store import Event, Store
from device.exchange.wire import Reason, Removed

AT_ONCE = 32
"""Events read together: with SDP of the longest kind they are 2 MiB."""


class Batch:
    """What is posted, begun and ended together. What is not the store's comes after the commit."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._then: list[Callable[[], None]] = []

    async def post(self, key: bytes, name: str, data: Any) -> None:
        """Queue an event; ``data`` is a dataclass of the wire."""
        await self._store.queues.post(key, name, json.dumps(asdict(data)))
        self.then(partial(self._bus.wake, key))

    def expect(self, key: bytes, on_absent: OnAbsent) -> None:
        """Somebody has to listen to this queue (Bus.expect)."""
        self.then(partial(self._bus.expect, key, on_absent))

    async def dismiss(self, key: bytes, reason: Reason) -> None:
        """This queue goes (Bus.dismiss)."""
        await self._store.queues.put_dismissal(key, reason)
        self.then(partial(self._bus.dismiss, key, reason))

    def announce(self, uid: str) -> None:
        """What others see of this user may have changed (Bus.announce)."""
        self.then(partial(self._bus.announce, uid))

    def interrupt(self, key: bytes) -> None:
        """Who listens to this queue has to come again (Bus.interrupt)."""
        self.then(partial(self._bus.interrupt, key))

    def then(self, do: Callable[[], None]) -> None:
        """After the commit, in this order. It must not fail."""
        self._then.append(do)

    def committed(self) -> None:
        for do in self._then:
            do()


class Outbox:
    """The queues of members and devices."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch]:
        """A transaction of the store, and after it the news that it made. Not to be nested."""
        batch = Batch(self._store, self._bus)
        async with self._store.transaction():
            yield batch
        batch.committed()

    async def can_resume(self, key: bytes, after: int) -> bool:
        """Whether every event after number ``after`` is still kept, and there was one of it."""
        bounds = await self._store.queues.bounds(key)
        return bounds is not None and bounds[0] <= after <= bounds[1]

    async def stream(
        self, key: bytes, after: int, keepalive_s: float, on_gap: OnAbsent
    ) -> AsyncGenerator[Event | None, None]:
        """Each event after number ``after``; None to keep the line warm.

        Ends when the queue is gone (a member hears why), another stream of it opens, or the
        exchange stops. ``on_gap``: so slow that events went before they were sent.
        """
        with self._bus.listen(key) as ear:
            while ear is not None and ear.is_current:
                events = await self._store.queues.after(key, after, AT_ONCE)
                if events and events[0].number != after + 1:
                    await on_gap()
                    events = []
                for event in events:
                    yield event
                    after = event.number
                if ear.dismissed is not None:
                    yield _last(after, ear)
                    return
                if not events and await self._store.queues.bounds(key) is None:
                    # Another process did it: this one would have told its bus.
                    self._bus.dismiss(key, await self._store.queues.dismissal(key) or "removed")
                elif not events and not await ear.woken(keepalive_s):
                    yield None


def _last(after: int, ear: Ear) -> Event:
    assert ear.dismissed is not None
    return Event(after + 1, "removed", json.dumps(asdict(Removed(ear.dismissed))))
