"""What was sent on a link, until the other end has said what became of it."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

SEQUENCE_MODULUS = 2**16
KEPT = 4096
"""Packets: about ten seconds of what an intercom sends."""
OVERHEAD_BYTES = 28
"""IPv4 and UDP headers: a bottleneck carries them too."""


class Fate(NamedTuple):
    """Of one packet. ``sent_s`` is on this end's clock, ``arrived_s`` on the other's; None: lost."""

    size_bytes: int
    sent_s: float
    arrived_s: float | None


class SentPackets:
    """Of one link, in the order of sending."""

    def __init__(self) -> None:
        self._packets: OrderedDict[int, tuple[int, float]] = OrderedDict()

    @property
    def is_waiting(self) -> bool:
        """For word of something that was sent."""
        return bool(self._packets)

    def add(self, sequence: int, size_bytes: int, at_s: float) -> None:
        """``sequence`` modulo 2**16, one more for each packet."""
        self._packets[sequence] = size_bytes + OVERHEAD_BYTES, at_s
        if len(self._packets) > KEPT:
            self._packets.popitem(last=False)

    def settle(self, first: int, arrived_s: Sequence[float | None]) -> list[Fate]:
        """What is new in a report on the packets from ``first`` on: each packet is told of once."""
        fates = []
        for offset, at_s in enumerate(arrived_s):
            packet = self._packets.pop((first + offset) % SEQUENCE_MODULUS, None)
            if packet is not None:
                fates.append(Fate(*packet, at_s))
        return fates
