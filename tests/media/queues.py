"""Looks into the queues of what is to be sent."""

import asyncio

from device.media.sending.frame import MediaFrame
from device.media.sending.queue import SendQueue


def drained(queue: SendQueue) -> list[MediaFrame]:
    """All that is queued now."""
    found = []
    while (frame := queue.take()) is not None:
        found.append(frame)
    return found


async def got(queue: SendQueue) -> MediaFrame:
    """The next one; waits for it."""
    filled = asyncio.Event()
    queue.wake(filled.set)
    while (frame := queue.take()) is None:
        filled.clear()
        await filled.wait()
    return frame


def contents(queue: SendQueue) -> list[bytes]:
    """The payloads of all that is queued now."""
    return [b"".join(frame.payloads) for frame in drained(queue)]
