"""Who listens to which queue, and who has not for too long. Here: all in one process.

What is said is in the store; the bus only wakes who is to read it, wherever they are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from device.exchange.server.clock import Clock, Timer
from device.exchange.server.errands import AGAIN_AFTER_S, Errands
from device.exchange.wire import Reason

OnAbsent = Callable[[], Awaitable[None]]
OnAnnounced = Callable[[str | None], None]
"""Told whom it is about; None: it may be anybody."""


class Ear(Protocol):
    """One who listens to a queue."""

    @property
    def is_current(self) -> bool:
        """False once another listens to the same queue, or the bus is closing."""
        ...

    @property
    def dismissed(self) -> Reason | None:
        """Why there is no such queue any more; None while there is."""
        ...

    async def woken(self, within_s: float) -> bool:
        """Wait for news. False: there was none."""
        ...


class Bus(Protocol):
    """Keys are those of queues."""

    def expect(self, key: bytes, on_absent: OnAbsent) -> None:
        """From now on somebody has to listen; ``on_absent`` once nobody has for too long, and again
        until it has succeeded."""
        ...

    def wake(self, key: bytes) -> None: ...

    def dismiss(self, key: bytes, reason: Reason) -> None:
        """The queue is gone. Who listens is told why."""
        ...

    def announce(self, uid: str) -> None:
        """What others see of this user may have changed."""
        ...

    def attend(self, on_announced: OnAnnounced) -> None:
        """Be told of whatever is announced, by whom ever."""
        ...

    def wake_all(self) -> None:
        """Somebody may have news, and nobody knows who."""
        ...

    def interrupt(self, key: bytes) -> None:
        """Who listens has to come again, and to show that they still may."""
        ...

    def listen(self, key: bytes) -> AbstractContextManager[Ear | None]:
        """In place of who listened before. None: nobody is expected at this queue."""
        ...

    def close(self) -> None:
        """Everybody stops listening, and nobody counts as absent. Idempotent."""
        ...


@dataclass(slots=True)
class _Place:
    """A queue's listener, or the wait for one."""

    on_absent: OnAbsent
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ears: int = 0
    """How many there have been; the newest counts."""
    is_heard: bool = False
    absence: Timer | None = None
    dismissed: Reason | None = None

    def stop_waiting(self) -> None:
        if self.absence is not None:
            self.absence.cancel()
            self.absence = None


class LocalBus:
    """The Bus of one process. For the event loop's thread."""

    def __init__(self, clock: Clock, gone_after_s: float, errands: Errands) -> None:
        self._clock = clock
        self._gone_after_s = gone_after_s
        self._errands = errands
        self._places: dict[bytes, _Place] = {}
        self._attending: list[OnAnnounced] = []
        self.is_closing = False

    def expect(self, key: bytes, on_absent: OnAbsent) -> None:
        self._wait_for(self._places.setdefault(key, _Place(on_absent)), self._gone_after_s)

    def wake(self, key: bytes) -> None:
        if place := self._places.get(key):
            place.wake.set()

    def wake_all(self) -> None:
        for place in self._places.values():
            place.wake.set()
        for on_announced in self._attending:
            on_announced(None)

    def interrupt(self, key: bytes) -> None:
        if (place := self._places.get(key)) and place.is_heard:
            place.ears += 1
            place.is_heard = False
            place.wake.set()
            self._wait_for(place, self._gone_after_s)

    def dismiss(self, key: bytes, reason: Reason) -> None:
        if place := self._places.pop(key, None):
            place.dismissed = reason
            place.stop_waiting()
            place.wake.set()

    def announce(self, uid: str) -> None:
        for on_announced in self._attending:
            on_announced(uid)

    def attend(self, on_announced: OnAnnounced) -> None:
        self._attending.append(on_announced)

    @contextmanager
    def listen(self, key: bytes) -> Iterator[Ear | None]:
        place = self._places.get(key)
        if place is None:
            yield None
            return
        place.stop_waiting()
        place.ears += 1
        place.is_heard = True
        place.wake.set()  # who listened before looks up, and goes
        ear = _LocalEar(self, place, place.ears)
        try:
            yield ear
        finally:
            if place.ears == ear.number:
                place.is_heard = False
                self._wait_for(place, self._gone_after_s)

    def close(self) -> None:
        self.is_closing = True
        for place in self._places.values():
            place.stop_waiting()
            place.wake.set()

    def _wait_for(self, place: _Place, within_s: float) -> None:
        place.stop_waiting()
        if not place.is_heard and place.dismissed is None and not self.is_closing:
            when_s = self._clock.now_s() + within_s
            place.absence = self._clock.call_at(when_s, lambda: self._absent(place))

    def _absent(self, place: _Place) -> None:
        async def errand() -> None:
            if place.is_heard or place.dismissed is not None:
                return
            try:
                await place.on_absent()
            except Exception:
                self._wait_for(place, AGAIN_AFTER_S)
                raise

        self._errands.run(errand())


@dataclass(frozen=True, slots=True)
class _LocalEar:
    bus: LocalBus
    place: _Place
    number: int

    @property
    def is_current(self) -> bool:
        return self.place.ears == self.number and not self.bus.is_closing

    @property
    def dismissed(self) -> Reason | None:
        return self.place.dismissed

    async def woken(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self.place.wake.wait()
        except TimeoutError:
            return False
        self.place.wake.clear()
        return True
