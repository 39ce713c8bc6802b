"""The one way from a foreign thread into the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVarTuple

Arguments = TypeVarTuple("Arguments")


class LoopBridge:
    """Made in the loop's thread; ``post`` from anywhere. After ``close`` posts are dropped."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()

    def post(self, callback: Callable[[*Arguments], object], *arguments: *Arguments) -> None:
        """Call back in the loop, in the order of posting. Never blocks."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._run, callback, arguments)
        except RuntimeError:  # the loop is closed: the process is going down
            self._loop = None

    def close(self) -> None:
        """Idempotent."""
        self._loop = None

    def _run(
        self,
        callback: Callable[[*Arguments], object],
        arguments: tuple[*Arguments],
    ) -> None:
        if self._loop is not None:
            callback(*arguments)
