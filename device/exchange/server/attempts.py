"""Slows down who guesses passwords."""

from collections import OrderedDict
from collections.abc import Callable

from device.exchange.server.refusal import Refusal

FREE = 5
"""Wrong passwords before the first wait."""
WAIT_S = 30.0
MAX_KEYS = 10_000

Key = tuple[str, str]
"""User and address: a guesser elsewhere does not lock the user out."""


class Attempts:
    """After FREE failures in a row each further attempt has to wait WAIT_S after the last."""

    def __init__(self, wall_s: Callable[[], float]) -> None:
        self._wall_s = wall_s
        self._failures: OrderedDict[Key, tuple[int, float]] = OrderedDict()

    def check(self, key: Key) -> None:
        """Raises Refusal: too_many_attempts."""
        count, last_s = self._failures.get(key, (0, 0.0))
        if count >= FREE and self._wall_s() - last_s < WAIT_S:
            raise Refusal("too_many_attempts", f"Too many attempts. Wait {WAIT_S:.0f} seconds.")

    def failed(self, key: Key) -> None:
        count, _ = self._failures.pop(key, (0, 0.0))
        self._failures[key] = count + 1, self._wall_s()
        if len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, key: Key) -> None:
        self._failures.pop(key, None)
