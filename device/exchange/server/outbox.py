"""What each member has yet to be told, and who is listening.

Events are rows, so they survive a restart; streams and their absence are only here, in memory.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from device.exchange.server.clock import Clock, Timer
from device.exchange.server.store import Store
from device.exchange.wire import Reason, Removed

KEPT_EVENTS = 500
"""For each member. Who is further behind has left."""
AT_ONCE = 32
"""Events read together: with SDP of the longest kind they are 2 MiB."""

Event = tuple[int, str, str]
"""Number, name, JSON."""
OnLost = Callable[[bytes], None]
"""Told the key of a member who was away for too long, or cannot be told all that happened."""


@dataclass(slots=True)
class _Ear:
    """A member's event stream, or its absence."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stream: int = 0
    absence: Timer | None = None
    out_because: Reason | None = None


class Outbox:
    """The queues of all members, by the hash of their secret. For the event loop's thread."""

    def __init__(self, store: Store, clock: Clock, gone_after_s: float, on_lost: OnLost) -> None:
        self._store = store
        self._clock = clock
        self._gone_after_s = gone_after_s
        self._on_lost = on_lost
        self._ears: dict[bytes, _Ear] = {}
        self._is_closing = False

    def close(self) -> None:
        """End all streams, losing nobody: they may come back to the next start. Idempotent."""
        self._is_closing = True
        for ear in self._ears.values():
            _stop(ear)

    def add(self, key: bytes) -> None:
        """Begin to wait for a member's stream."""
        self._wait_for(key, self._ears.setdefault(key, _Ear()))

    def remove(self, key: bytes, reason: Reason) -> None:
        """Tell a member who has been taken out why, if they listen, as their last event."""
        ear = self._ears.pop(key, None)
        if ear is not None:
            ear.out_because = reason
            _stop(ear)

    def post(self, key: bytes, name: str, data: dict[str, Any]) -> None:
        """Queue an event for a member."""
        with self._store.transaction() as db:
            (number,) = db.execute(
                "update members set last_event = last_event + 1 where hash = ? returning last_event",
                (key,),
            ).fetchone()
            db.execute(
                "insert into events values (?, ?, ?, ?)", (key, number, name, json.dumps(data))
            )
            db.execute("delete from events where hash = ? and id <= ?", (key, number - KEPT_EVENTS))
        ear = self._ears.get(key)
        if ear is not None:
            ear.wake.set()

    def can_resume(self, key: bytes, after: int) -> bool:
        """Whether every event after number ``after`` is still kept, and there was one of it."""
        ((oldest, newest),) = self._store.read(
            "select coalesce(min(id), last_event + 1), last_event from members left join events "
            "using (hash) where members.hash = ?",
            key,
        )
        return newest is not None and oldest - 1 <= after <= newest

    async def stream(
        self, key: bytes, after: int, keepalive_s: float
    ) -> AsyncGenerator[Event | None, None]:
        """Each event after number ``after``; None to keep the line warm.

        Ends when the member is out, another stream of the same member opens, or the exchange stops.
        """
        ear = self._ears.get(key)
        if ear is None:  # out between the request and its answer
            return
        mine = self._listen(ear)
        try:
            while ear.stream == mine and not self._is_closing:
                ear.wake.clear()
                events = self._after(key, after)
                if events and events[0][0] != after + 1:
                    self._on_lost(key)  # so slow that events went before they were sent
                    events = []
                for event in events:
                    yield event
                    after = event[0]
                if ear.out_because is not None:
                    yield after + 1, "removed", json.dumps(asdict(Removed(ear.out_because)))
                    return
                if not events and not await _woken(ear, keepalive_s):
                    yield None
        finally:
            if ear.stream == mine:
                self._wait_for(key, ear)

    def _after(self, key: bytes, after: int) -> list[Event]:
        query = "select id, name, data from events where hash = ? and id > ? order by id limit ?"
        rows = self._store.read(query, key, after, AT_ONCE)
        return [(number, name, data) for number, name, data in rows]

    def _listen(self, ear: _Ear) -> int:
        """The number of a new stream, in place of an older one."""
        ear.stream += 1
        _stop(ear)
        return ear.stream

    def _wait_for(self, key: bytes, ear: _Ear) -> None:
        """Nobody listens for this member: they have a while to come back."""
        if ear.out_because is None and not self._is_closing:
            when_s = self._clock.now_s() + self._gone_after_s
            ear.absence = self._clock.call_at(when_s, lambda: self._on_lost(key))


def _stop(ear: _Ear) -> None:
    """Stop waiting, and have the stream look at what changed."""
    if ear.absence is not None:
        ear.absence.cancel()
        ear.absence = None
    ear.wake.set()


async def _woken(ear: _Ear, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            return await ear.wake.wait()
    except TimeoutError:
        return False
