"""Work that nobody waits for: what a timer began."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

AGAIN_AFTER_S = 1.0
"""What a timer began and could not do, as with a full disk, is begun again then."""


class Errands:
    """Owns its tasks. ``aclose`` it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: list[asyncio.Task[None]] = []

    def run(self, errand: Awaitable[None]) -> None:
        """A defect in it is logged."""
        task = asyncio.create_task(_guarded(errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keep_watch(self, wait: Callable[[], Awaitable[None]], do: Callable[[], None]) -> None:
        """Whenever a wait is over, do something, until the end."""

        async def watch() -> None:
            while True:
                await _guarded(wait())
                do()

        self._watches.append(asyncio.create_task(watch()))

    async def aclose(self) -> None:
        """End the watches, and wait for what has begun. Idempotent."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        while self._tasks:
            await asyncio.gather(*self._tasks)


async def _guarded(errand: Awaitable[None]) -> None:
    try:
        await errand
    except Exception:
        logger.exception("defect in the exchange")
