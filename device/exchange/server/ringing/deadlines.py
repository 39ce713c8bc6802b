"""When to look at a live call again."""

from collections.abc import Awaitable, Callable

from device.exchange.server.clock import Clock, Timer
from device.exchange.server.errands import AGAIN_AFTER_S, Errands

OnDue = Callable[[str, float], Awaitable[None]]
"""Told the session id, and the deadline: the wall clock may say that it is not yet time."""


class Deadlines:
    """One timer for each live call, by its session id.

    A deadline is a time of day, so that a restarted exchange knows it; how long it is until then is
    measured once, by the monotonic clock, so that a changed wall clock ends no call. What could not
    be done when it was due is tried again every second.
    """

    def __init__(self, clock: Clock, errands: Errands, on_due: OnDue) -> None:
        self._clock = clock
        self._errands = errands
        self._on_due = on_due
        self._timers: dict[str, tuple[float, Timer]] = {}
        self._is_closed = False

    def set(self, session_id: str, due_at: float | None, now: float) -> None:
        """Unix seconds. In place of the one before, unless that is the same; None: none."""
        old_due_at, timer = self._timers.get(session_id, (None, None))
        if due_at == old_due_at:
            return
        if timer is not None:
            timer.cancel()
            del self._timers[session_id]
        if due_at is not None:
            self._start(session_id, due_at, max(0.0, due_at - now))

    def close(self) -> None:
        """Idempotent."""
        self._is_closed = True
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _start(self, session_id: str, due_at: float, in_s: float) -> None:
        if not self._is_closed:
            when_s = self._clock.now_s() + in_s
            timer = self._clock.call_at(when_s, lambda: self._due(session_id, due_at))
            self._timers[session_id] = due_at, timer

    def _due(self, session_id: str, due_at: float) -> None:
        self._timers.pop(session_id, None)

        async def errand() -> None:
            try:
                await self._on_due(session_id, due_at)
            except Exception:
                if session_id not in self._timers:
                    self._start(session_id, due_at, AGAIN_AFTER_S)
                raise

        self._errands.run(errand())
