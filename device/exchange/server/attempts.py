"""Slows down who guesses passwords."""

from collections import OrderedDict

from device.exchange.server.clock import Clock
from device.exchange.server.refusal import Refusal

FREE = 5
"""Wrong passwords before the first wait."""
WAIT_S = 30.0
MAX_KEYS = 10_000

Key = tuple[str, str]
"""User and address: a guesser elsewhere does not lock the user out."""


class Attempts:
    """After FREE failures in a row each further attempt has to wait WAIT_S after the last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[Key, tuple[int, float]] = OrderedDict()

    def begin(self, key: Key) -> None:
        """Before the password is looked at. Counts as a failure until ``succeeded``, so that
        guesses sent all at once are counted, too. Raises Refusal: too_many_attempts.
        """
        now_s = self._clock.now_s()
        count, last_s = self._failures.get(key, (0, now_s))
        if count >= FREE and now_s - last_s < WAIT_S:
            raise Refusal("too_many_attempts", f"Too many attempts. Wait {WAIT_S:.0f} seconds.")
        self._failures[key] = count + 1, now_s
        self._failures.move_to_end(key)
        if len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, key: Key) -> None:
        self._failures.pop(key, None)
