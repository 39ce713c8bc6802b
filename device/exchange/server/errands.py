"""Work that nobody waits for: what a timer began."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Errands:
    """Owns its tasks. ``aclose`` it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, errand: Coroutine[Any, Any, None]) -> None:
        """A defect in it is logged."""
        task = asyncio.create_task(_guarded(errand))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Wait for what has begun. Idempotent."""
        while self._tasks:
            await asyncio.gather(*self._tasks)


async def _guarded(errand: Coroutine[Any, Any, None]) -> None:
    try:
        await errand
    except Exception:
        logger.exception("defect in the exchange")
