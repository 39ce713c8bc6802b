"""Monotonic time for the exchange, so that a changed wall clock throws nobody out."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None:
        """Idempotent."""


class Clock(Protocol):
    """The event loop's time in life, a hand-turned one in tests."""

    def now_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def call_at(self, when_s: float, callback: Callable[[], None]) -> Timer:
        """Call back in the event loop at ``when_s`` or as soon after as may be."""


class LoopClock:
    """A Clock over the running loop."""

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def call_at(self, when_s: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_at(when_s, callback)
