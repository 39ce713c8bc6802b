"""How much goes over a link just now, and how well."""

from collections import deque
from dataclasses import dataclass

SLOT_S = 0.1
SLOTS = 10
"""A rate is of the last second, in whole tenths."""


class RateMeter:
    """Of one stream of packets, on any clock that goes on."""

    def __init__(self) -> None:
        self._slots: deque[tuple[int, int]] = deque(maxlen=SLOTS + 1)

    def add(self, octets: int, now_s: float) -> None:
        """A packet has come or gone."""
        slot = int(now_s / SLOT_S)
        if self._slots and self._slots[-1][0] == slot:
            octets += self._slots.pop()[1]
        self._slots.append((slot, octets))

    def bps(self, now_s: float) -> float:
        """Without the tenth that is not over yet."""
        now = int(now_s / SLOT_S)
        octets = sum(octets for slot, octets in self._slots if now - SLOTS <= slot < now)
        return 8 * octets / (SLOTS * SLOT_S)


@dataclass(frozen=True, slots=True)
class Received:
    """Of one stream that comes in. ``jitter_s`` and the losses are what this unit's last receiver report
    tells its sender (RFC 3550 section 6.4.1): ``loss_fraction`` of about the last second, 0 to 1, and
    ``lost_packets`` in all, both before anything was sent again. None: nothing reported yet."""

    bps: float = 0.0
    """Payloads over the last second; what was sent again counts like any other."""
    jitter_s: float | None = None
    loss_fraction: float | None = None
    lost_packets: int | None = None


@dataclass(frozen=True, slots=True)
class LinkTraffic:
    """Of one link at one moment. Rates are of payloads over the last second, ``sent`` without what was
    sent again; ``round_trip_s`` by the reports of the other end, None before any."""

    voice_sent_bps: float = 0.0
    video_sent_bps: float = 0.0
    voice_received: Received = Received()
    video_received: Received = Received()
    round_trip_s: float | None = None
