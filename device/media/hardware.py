"""Calls of the hardware, which block, off the event loop and one after another."""

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from device.errors import MediaError

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class HardwareCalls:
    """For one device that has one owner and is not reentrant.

    A caller that is cancelled does not stop a call that has begun, since no thread can be stopped: the
    next call, most often the closing one, still waits for its end.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._calls: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def run(self, call: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        """Do it in a thread. Raises what it raises, MediaError after ``aclose``."""
        if self._is_closed:
            raise MediaError("The call is over.")
        await self._begin(call, *arguments)

    async def aclose(self, close: Callable[[], None]) -> None:
        """Let what runs come to its end, then ``close`` the device. Idempotent."""
        self._is_closed = True
        await self._begin(close)

    async def _begin(self, call: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        task = asyncio.get_running_loop().create_task(self._one(call, *arguments))
        self._calls.add(task)
        task.add_done_callback(self._ended)
        await asyncio.shield(task)

    async def _one(self, call: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
        async with self._lock:
            await asyncio.to_thread(call, *arguments)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # the caller has heard of it, unless it was cancelled
