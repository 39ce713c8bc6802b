"""Hardware is opened and closed in threads, which nobody can stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple

from hal import AudioRouter

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


async def to_its_end(call: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """Do it in a thread. A caller who is cancelled goes on only when it has ended, so that what it
    opened can be closed."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *arguments))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise


@asynccontextmanager
async def watched(audio: AudioRouter) -> AsyncIterator[None]:
    """Watch for longer than a call lasts, so that a headset is there when one begins, and for the
    doctor."""
    stop = await to_its_end(audio.watch, lambda devices: None)
    try:
        yield
    finally:
        await to_its_end(stop)
