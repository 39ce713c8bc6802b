"""What was sent on a link, until the other end has said what became of it."""

from collections.abc import Sequence
from typing import NamedTuple

from device.media.unwrapping import SEQUENCE_MODULUS

KEPT = 4096
"""Packets: about ten seconds of what an intercom sends. A power of two, so that numbers may wrap."""
LATE_S = 0.15
OVERHEAD_BYTES = 20 + 8 + 16
"""Headers of IPv4 and UDP, and the tag of SRTP (RFC 7714 section 5.3): a bottleneck carries them too.
The 20 bytes more of IPv6 are 2 % of a packet of video, and left out."""


class Fate(NamedTuple):
    """Of one packet. ``sent_s`` is on this end's clock, ``arrived_s`` on the other's; None: lost."""

    size_bytes: int
    sent_s: float
    arrived_s: float | None


_Packet = tuple[int, int, float]
"""Its number, its size in bytes, and when it was sent."""


class SentPackets:
    """Of one link."""

    def __init__(self) -> None:
        self._packets: list[_Packet | None] = [None] * KEPT
        """Each at its number modulo KEPT, until it is settled."""
        self._missing: dict[int, _Packet] = {}

    def add(self, first: int, sizes_bytes: Sequence[int], at_s: float) -> None:
        """Packets that left together; ``first`` modulo 2**16, one more for each packet."""
        for number, size_bytes in enumerate(sizes_bytes, first):
            number %= SEQUENCE_MODULUS
            if self._missing:
                self._missing.pop((number - KEPT) % SEQUENCE_MODULUS, None)
            self._packets[number % KEPT] = number, size_bytes + OVERHEAD_BYTES, at_s

    def settle(self, first: int, arrived_s: Sequence[float | None]) -> list[Fate]:
        """What is new in a report on the packets from ``first`` on: each packet is told of once. One
        that is missing may still come, out of order; it is lost when others sent LATE_S later came."""
        fates = []
        for number, at_s in enumerate(arrived_s, first):
            number %= SEQUENCE_MODULUS
            packet = self._packets[number % KEPT]
            if packet is None or packet[0] != number:
                continue
            if at_s is None:
                self._missing[number] = packet
            else:
                self._missing.pop(number, None)
                fates.append(self._settled(packet, at_s))
        if fates:
            fates += self._lost(fates[-1].sent_s - LATE_S)
        return fates

    def _lost(self, sent_until_s: float) -> list[Fate]:
        lost = [packet for packet in self._missing.values() if packet[2] <= sent_until_s]
        for number, _, _ in lost:
            del self._missing[number]
        return [self._settled(packet, None) for packet in lost]

    def _settled(self, packet: _Packet, arrived_s: float | None) -> Fate:
        number, size_bytes, sent_s = packet
        self._packets[number % KEPT] = None
        return Fate(size_bytes, sent_s, arrived_s)
