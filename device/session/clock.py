"""The call's clock in life: the event loop's monotonic time."""

import asyncio
from collections.abc import Callable

from device.session.ports import Timer


class LoopClock:
    """A Clock over the running loop; a changed wall clock moves nothing."""

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def call_at(self, when_s: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_at(when_s, callback)
