"""The button that opens the door."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hal import HalError


class DoorButton:
    """Opens in a thread of its own: the relay answers within a second, which the event loop has not."""

    def __init__(self, open_door: Callable[[], object], say: Callable[[str], None]) -> None:
        """``open_door`` raises HalError; ``say`` hears, in the event loop, why the door stayed shut."""
        self._open_door = open_door
        self._say = say
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="door-button")

    def press(self) -> None:
        """Returns at once."""
        loop = asyncio.get_running_loop()

        def open_door() -> None:
            try:
                self._open_door()
            except HalError as error:
                loop.call_soon_threadsafe(self._say, str(error))

        self._thread.submit(open_door)

    def close(self) -> None:
        """Waits for an opening that has begun. Idempotent."""
        self._thread.shutdown(cancel_futures=True)
