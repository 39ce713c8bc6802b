"""Has the tones heard: the ringer, off the event loop."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from device.phone.ringer import Ringer
from device.phone.values import Tone
from hal import AudioUnavailable

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.5
"""While a tone is on: the card may have become free, or a route have gone."""


class TonePlayer:
    """``run`` it for as long as there may be tones."""

    def __init__(self, ringer: Ringer, say: Callable[[str], None]) -> None:
        """``say`` hears, once for each tone, why it is not heard, or not where it ought to be."""
        self._ringer = ringer
        self._say = say
        self._has_said = False
        self._changed = asyncio.Event()

    def play(self, tone: Tone | None) -> None:
        self._ringer.play(tone)
        self._has_said = False
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled; then it is silent, and the card free."""
        # A thread of its own: asyncio's may all be waiting for the name of a server.
        with ThreadPoolExecutor(1, "ringer") as thread:
            try:
                while True:
                    self._changed.clear()
                    await self._tend(thread)
                    await self._wait()
            finally:
                self._ringer.play(None)
                thread.submit(self._ringer.tend)

    async def _tend(self, thread: ThreadPoolExecutor) -> None:
        try:
            words = await asyncio.get_running_loop().run_in_executor(thread, self._ringer.tend)
        except AudioUnavailable as error:
            words = f"The unit cannot be heard ringing: {error}"
        if words and not self._has_said:
            self._has_said = True
            self._say(words)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_S if self._ringer.is_playing else None):
                await self._changed.wait()
        except TimeoutError:
            pass
