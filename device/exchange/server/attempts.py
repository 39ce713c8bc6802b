"""Slows down who guesses passwords, and nobody else for long.

Failures are counted three times over, and whoever is over a limit waits, each time for longer:

- of a user at an address: a person who mistypes, or the plain guesser;
- of an address: one who tries many users;
- of a user: one who guesses from many addresses. This is the only count that another person's
  guesses add to, so it asks for the shortest waits, and nothing of those from where the user has
  signed in before: an attacker cannot keep people out from where they are used to come from.

Nobody who is signed in notices any of it, no wait is longer than a quarter of an hour, and the
exchange's own machine needs no sign-in at all (``callbox exchange``): so an admin always has a way in.
A failure FORGOTTEN_AFTER_S old counts no longer. All this is in memory: guessers cannot make the
exchange write, nor make it start anew.
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

from device.exchange.server.clock import Clock
from device.exchange.server.refusal import Refusal

MAX_KEYS = 10_000
FORGOTTEN_AFTER_S = 3600.0

Key = tuple[str, str]
"""User and network; see ``network_of``."""


@dataclass(frozen=True, slots=True)
class Limit:
    """After ``free`` failures the first wait; each further failure makes it twice as long."""

    free: int
    first_wait_s: float
    longest_wait_s: float

    def wait_s(self, failures: int) -> float:
        if failures < self.free:
            return 0.0
        doublings = min(failures - self.free, 16)
        return min(self.first_wait_s * (1 << doublings), self.longest_wait_s)


PER_PAIR = Limit(5, 30.0, 900.0)
PER_NETWORK = Limit(25, 30.0, 900.0)
PER_USER = Limit(50, 15.0, 120.0)


def network_of(host: str) -> str:
    """What stands for an address: with IPv6 its /64, as one machine has all of that."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return host.removeprefix("::ffff:")


class _Failures:
    """How many there were of each, and when the last one was."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._of: OrderedDict[str | Key, tuple[int, float]] = OrderedDict()

    def wait_s(self, key: str | Key) -> float:
        count, last_s = self._get(key)
        return last_s + self._limit.wait_s(count) - self._clock.now_s()

    def add(self, key: str | Key, number: int = 1) -> None:
        count, last_s = self._get(key)
        if count + number <= 0:
            self.forget(key)
            return
        self._of[key] = count + number, self._clock.now_s() if number > 0 else last_s
        self._of.move_to_end(key)
        if len(self._of) > MAX_KEYS:
            self._of.popitem(last=False)

    def forget(self, key: str | Key) -> None:
        self._of.pop(key, None)

    def _get(self, key: str | Key) -> tuple[int, float]:
        now_s = self._clock.now_s()
        count, last_s = self._of.get(key, (0, now_s))
        return (count, last_s) if now_s - last_s < FORGOTTEN_AFTER_S else (0, now_s)


class Attempts:
    """``check`` before a password waits for its turn, ``begin`` when it is looked at."""

    def __init__(self, clock: Clock) -> None:
        self._of_pair = _Failures(PER_PAIR, clock)
        self._of_network = _Failures(PER_NETWORK, clock)
        self._of_user = _Failures(PER_USER, clock)
        self._at_home: OrderedDict[Key, None] = OrderedDict()
        """Where users have signed in."""

    def check(self, key: Key) -> None:
        """Raises Refusal: too_many_attempts."""
        uid, network = key
        waits_s = [self._of_pair.wait_s(key), self._of_network.wait_s(network)]
        if key not in self._at_home:
            waits_s.append(self._of_user.wait_s(uid))
        if (wait_s := math.ceil(max(waits_s))) > 0:
            raise Refusal("too_many_attempts", f"Too many attempts. Wait {wait_s} seconds.", wait_s)

    def begin(self, key: Key) -> None:
        """Counts as a failure until ``succeeded``, so that guesses sent all at once are counted.

        Raises Refusal: too_many_attempts.
        """
        self.check(key)
        self._of_pair.add(key)
        self._of_network.add(key[1])
        self._of_user.add(key[0])

    def succeeded(self, key: Key) -> None:
        """It was the user. What others have failed at stays counted."""
        self._of_pair.forget(key)
        self._of_network.add(key[1], -1)
        self._of_user.add(key[0], -1)
        self._at_home[key] = None
        self._at_home.move_to_end(key)
        if len(self._at_home) > MAX_KEYS:
            self._at_home.popitem(last=False)

    def is_locked(self, uid: str) -> bool:
        """Whether strangers have guessed so often that all who come from elsewhere have to wait."""
        return self._of_user.wait_s(uid) > 0
