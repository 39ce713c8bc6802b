"""What was sent on a link, until the other end has said what became of it."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from device.media.unwrapping import SEQUENCE_MODULUS

KEPT = 4096
"""Packets: about ten seconds of what an intercom sends."""
LATE_S = 0.15
OVERHEAD_BYTES = 20 + 8 + 16
"""Headers of IPv4 and UDP, and the tag of SRTP (RFC 7714 section 5.3): a bottleneck carries them too.
The 20 bytes more of IPv6 are 2 % of a packet of video, and left out."""


class Fate(NamedTuple):
    """Of one packet. ``sent_s`` is on this end's clock, ``arrived_s`` on the other's; None: lost."""

    size_bytes: int
    sent_s: float
    arrived_s: float | None


class SentPackets:
    """Of one link, in the order of sending."""

    def __init__(self) -> None:
        self._packets: OrderedDict[int, tuple[int, float]] = OrderedDict()
        self._missing: dict[int, tuple[int, float]] = {}

    def add(self, sequence: int, size_bytes: int, at_s: float) -> None:
        """``sequence`` modulo 2**16, one more for each packet."""
        self._packets[sequence] = size_bytes + OVERHEAD_BYTES, at_s
        if len(self._packets) > KEPT:
            number, _ = self._packets.popitem(last=False)
            self._missing.pop(number, None)

    def settle(self, first: int, arrived_s: Sequence[float | None]) -> list[Fate]:
        """What is new in a report on the packets from ``first`` on: each packet is told of once. One
        that is missing may still come, out of order; it is lost when others sent LATE_S later came."""
        fates = []
        for offset, at_s in enumerate(arrived_s):
            number = (first + offset) % SEQUENCE_MODULUS
            if number not in self._packets:
                continue
            if at_s is None:
                self._missing[number] = self._packets[number]
            else:
                self._missing.pop(number, None)
                fates.append(Fate(*self._packets.pop(number), at_s))
        if fates:
            fates += self._lost(fates[-1].sent_s - LATE_S)
        return fates

    def _lost(self, sent_until_s: float) -> list[Fate]:
        numbers = [number for number, packet in self._missing.items() if packet[1] <= sent_until_s]
        for number in numbers:
            self._packets.pop(number, None)
        return [Fate(*self._missing.pop(number), None) for number in numbers]
