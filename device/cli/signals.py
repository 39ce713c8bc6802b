"""SIGTERM and SIGINT end what runs, in order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


async def until_signalled(work: Coroutine[Any, Any, None]) -> bool:
    """Run until done or signalled; True if it was signalled. Raises what ``work`` raises."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    was_signalled = False

    def stop() -> None:
        nonlocal was_signalled
        was_signalled = True
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not was_signalled:
            raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    return was_signalled
