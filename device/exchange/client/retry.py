"""How long to wait before trying again."""

import random
from collections.abc import Awaitable, Callable

WAIT_S = {"too_many_attempts": 30.0}
"""What the exchange asks for before another sign-in, by its refusal's code."""
FIRST_S = 0.2
LONGEST_S = 5.0

Sleep = Callable[[float], Awaitable[None]]


class Retry:
    """Ever longer pauses, each with some chance in it, so that not all units come at once."""

    def __init__(self, sleep: Sleep) -> None:
        self._sleep = sleep
        self._next_s = FIRST_S

    def succeeded(self) -> None:
        self._next_s = FIRST_S

    async def wait(self) -> None:
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        await self._sleep(pause_s * random.uniform(0.8, 1.2))
