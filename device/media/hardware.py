"""Calls of the hardware, which block, off the event loop and one after another."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVarTuple

from device.errors import MediaError
from device.media.statistics import DriverCalls

Arguments = TypeVarTuple("Arguments")


class HardwareCalls:
    """For one device that has one owner and is not reentrant, in a thread of its own: asyncio's are also
    for the names of servers, and can all be waiting for a network that is not there.

    A caller that is cancelled does not stop a call that has begun, since no thread can be stopped: the
    next call, most often the closing one, still waits for its end.
    """

    def __init__(self, name: str) -> None:
        """``name``: of the thread."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._closing: asyncio.Future[None] | None = None
        self._begun = self._ended = 0

    @property
    def counts(self) -> DriverCalls:
        return DriverCalls(self._begun, self._ended)

    async def run(self, call: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """Do it in the thread. Raises what it raises, MediaError after ``aclose``."""
        if self._closing is not None:
            raise MediaError("The call is over.")
        await asyncio.shield(self._begin(call, *arguments))

    async def aclose(self, close: Callable[[], None]) -> None:
        """Let what runs come to its end, then ``close`` the device. Idempotent."""
        if self._closing is None:
            self._closing = self._begin(close)
            self._thread.shutdown(wait=False)
        await asyncio.shield(self._closing)
        self._thread.shutdown()  # the thread has nothing left to do: it is gone at once

    def _begin(
        self, call: Callable[[*Arguments], None], *arguments: *Arguments
    ) -> asyncio.Future[None]:
        doing = asyncio.get_running_loop().run_in_executor(self._thread, call, *arguments)
        self._begun += 1
        doing.add_done_callback(self._on_end)
        return doing

    def _on_end(self, doing: asyncio.Future[None]) -> None:
        self._ended += 1
        if not doing.cancelled():
            doing.exception()  # the caller has heard of it, unless it was cancelled
