"""Hardware is opened and closed in threads, which nobody can stop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

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
