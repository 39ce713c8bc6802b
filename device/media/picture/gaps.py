"""Which packets are missing, and when each is asked for again (generic NACK, RFC 4585 section 6.2.1).

A lost retransmission is asked for once more after about a round trip, which is measured by the
retransmissions themselves.
"""

from dataclasses import dataclass

from device.media.picture.packet import MAX_MISORDER

REORDERING_S = 0.005
"""A packet that was merely overtaken gets so long before it is asked for."""
MAX_MISSING = 256
"""Senders keep little more than so many packets to send again (libwebrtc 600 at most, aiortc 128)."""
MAX_TRIES = 10
BACK_OFF = 1.5
"""Each try waits so much longer than the one before it."""
RETRY_FIRST_S = 0.1
"""Before a round trip has been measured."""
DEVIATIONS = 2
RETRY_LEAST_S, RETRY_MOST_S = 0.02, 0.2


@dataclass(slots=True)
class _Missing:
    due_s: float
    tries: int = 0
    asked_s: float = 0.0


class RetryTime:
    """How long to wait for an answer (RFC 6298 section 2, alpha and beta as there; but with DEVIATIONS,
    since an answer that was only late costs no more than a packet)."""

    def __init__(self) -> None:
        self._mean_s: float | None = None
        self._deviation_s = 0.0

    def measured(self, round_trip_s: float) -> None:
        if self._mean_s is None:
            self._mean_s, self._deviation_s = round_trip_s, round_trip_s / 2
            return
        self._deviation_s += (abs(self._mean_s - round_trip_s) - self._deviation_s) / 4
        self._mean_s += (round_trip_s - self._mean_s) / 8

    def wait_s(self, tries: int) -> float:
        """After so many tries, at least one."""
        first_s = RETRY_FIRST_S
        if self._mean_s is not None:
            first_s = self._mean_s + DEVIATIONS * self._deviation_s
        return float(min(max(first_s, RETRY_LEAST_S), RETRY_MOST_S) * BACK_OFF ** (tries - 1))


class Gaps:
    """Of one RTP stream; unwrapped sequence numbers."""

    def __init__(self) -> None:
        self._missing: dict[int, _Missing] = {}  # in the order of their numbers
        self._newest: int | None = None
        self._retry = RetryTime()
        self.asked = 0
        """Packets asked for, each counted once."""

    def arrived(self, number: int, now_s: float) -> bool:
        """False: too many are missing now to ask for them, or the sender counts anew."""
        newest = self._newest
        if newest is None:
            self._newest = number
            return True
        if number > newest:
            self._newest = number
            if number - newest - 1 + len(self._missing) > MAX_MISSING:
                self._missing.clear()
                return False
            for lost in range(newest + 1, number):
                self._missing[lost] = _Missing(now_s + REORDERING_S)
            return True
        if newest - number > MAX_MISORDER:
            self._missing.clear()
            self._newest = number
            return False
        found = self._missing.pop(number, None)
        if found is not None and found.tries == 1:  # after two, which one is answered is unknown
            self._retry.measured(now_s - found.asked_s)
        return True

    def forget_before(self, number: int) -> None:
        """What came before is of no use any more."""
        while self._missing and (first := next(iter(self._missing))) < number:
            del self._missing[first]

    def due_s(self) -> float | None:
        """When to ask next."""
        return min((each.due_s for each in self._missing.values()), default=None)

    def ask(self, now_s: float) -> list[int]:
        """The numbers to ask for now; after MAX_TRIES a packet is not asked for again."""
        due = [number for number, each in self._missing.items() if each.due_s <= now_s]
        asked = []
        for number in due:
            each = self._missing[number]
            if each.tries == MAX_TRIES:
                del self._missing[number]
                continue
            self.asked += each.tries == 0
            each.tries += 1
            each.asked_s = now_s
            each.due_s = now_s + self._retry.wait_s(each.tries)
            asked.append(number)
        return asked
