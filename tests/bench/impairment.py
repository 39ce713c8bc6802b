"""What a bad network does to packets: lost, late, out of order, queued before a narrow link. Pure."""

import random
import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """One direction of a network.

    ``loss`` is the share of RTP packets that vanish, in bursts of ``burst`` packets on average
    (Gilbert-Elliott with every packet lost in the bad state); 1 means one by one, independently.
    ``jitter_s``: up to so much is added to ``delay_s``, packets may overtake each other.
    ``rate_bps``: a bottleneck, before which at most ``queue_s`` of packets wait; None is none.
    """

    loss: float = 0.0
    burst: float = 1.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    rate_bps: float | None = None
    queue_s: float = 0.3
    seed: int = 1


class _Fate:
    """What happens to the packets of one RTP stream, by their place in it, not by the time: so all who
    are compared lose the same ones."""

    def __init__(self, path: Path, first: int) -> None:
        self._path = path
        self._first = first
        self._random = random.Random(path.seed)
        self._is_bad = False
        self._drawn: list[tuple[bool, float]] = []

    def of(self, sequence_number: int) -> tuple[bool, float]:
        """Whether it is lost, and the seconds of jitter it gets."""
        place = (sequence_number - self._first) % 65536
        while len(self._drawn) <= place:
            self._drawn.append((self._next(), self._random.random() * self._path.jitter_s))
        return self._drawn[place]

    def _next(self) -> bool:
        loss, burst = self._path.loss, self._path.burst
        if burst <= 1:
            return self._random.random() < loss
        leave, enter = 1 / burst, loss / (burst * (1 - loss))
        self._is_bad = self._random.random() < (1 - leave if self._is_bad else enter)
        return self._is_bad


class Network:
    """One direction, with its state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.passed = 0
        self.lost = 0
        """By chance."""
        self.overflowed = 0
        """Before the bottleneck."""
        self.waits: list[tuple[float, float]] = []
        """When a packet came to the bottleneck (seconds), and how long it waited there."""
        self._fates: dict[int, _Fate] = {}
        self._free_at_s = 0.0

    def change(self, path: Path) -> None:
        """From now on it is like this; what waits before the bottleneck is not lost."""
        self.path = path
        self._fates.clear()

    def arrival_s(self, packet: bytes, now_s: float) -> float | None:
        """When a packet that is sent now comes out; None: never."""
        is_lost, jitter_s = self._fate(packet)
        if is_lost:
            self.lost += 1
            return None
        sent_s = now_s
        if self.path.rate_bps is not None:
            start_s = max(now_s, self._free_at_s)
            if start_s - now_s > self.path.queue_s:
                self.overflowed += 1
                return None
            self.waits.append((now_s, start_s - now_s))
            sent_s = self._free_at_s = start_s + len(packet) * 8 / self.path.rate_bps
        self.passed += 1
        return sent_s + self.path.delay_s + jitter_s

    def _fate(self, packet: bytes) -> tuple[bool, float]:
        if not is_rtp(packet):
            return False, 0.0
        sequence_number, ssrc = struct.unpack_from("!2xH4xL", packet)
        if ssrc not in self._fates:
            self._fates[ssrc] = _Fate(self.path, sequence_number)
        return self._fates[ssrc].of(sequence_number)


def is_rtp(packet: bytes) -> bool:
    """RTP, not RTCP, STUN or DTLS (RFC 7983, RFC 5761 section 4)."""
    return len(packet) >= 12 and 128 <= packet[0] < 192 and not 192 <= packet[1] < 224
