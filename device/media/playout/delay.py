"""How long a voice should wait to be played: as long as nearly all of its packets need to come."""

from collections import deque

import numpy as np

BUCKET_S = 0.005
BUCKETS = 100
"""Half a second; a network that is worse is not waited for."""
FORGET = 0.983
"""Of each bucket's weight with each packet: about a second counts."""
COVERED = 0.97
"""Of all packets come in time, as libwebrtc's NetEq has it (its delay_manager.cc)."""
BASE_WINDOW_S = 5.0
"""The fastest packet of so long is the measure of the others; 500 ppm of drift are 2.5 ms in it."""
STANDSTILL_S = 0.06
"""After a pause of so long between arrivals, packets that come at once are one late packet, not many."""
MARGIN_S = 0.02
"""A block is taken at once, 10 ms before its end is played, by a thread that may be late by as much."""
LEAST_LOSSY_S = 0.04
"""With loss: so much that the packet after a lost one, which can mend it, is there in time."""
LOSSY_PACKETS, ONE_LOSS_PACKETS = 1000, 25
"""A network is lossy that loses twice in so many packets; losses this close together are one."""


MOST_MINIMUM_S = 0.15
"""Nobody is heard later for the sake of lips: from here on it hinders a talk (ITU-T G.114)."""
MINIMUM_KEPT_S = 1.0
"""Without a picture for so long, the voice need not wait for any."""


class MinimumDelay:
    """How long a voice waits for its pictures. Asked for in one thread, read in another."""

    def __init__(self) -> None:
        self._asked = 0.0, 0.0

    def ask(self, minimum_s: float, now_s: float) -> None:
        """From now on, and for MINIMUM_KEPT_S."""
        self._asked = min(minimum_s, MOST_MINIMUM_S), now_s + MINIMUM_KEPT_S

    def at(self, now_s: float) -> float:
        """0 when nothing was asked for lately."""
        minimum_s, until_s = self._asked
        return minimum_s if now_s < until_s else 0.0


class DelayEstimator:
    """Of one stream. Times in seconds on one clock, timestamps as seconds of the stream."""

    def __init__(self) -> None:
        self._weights = np.zeros(BUCKETS)
        self._late_s = 0.0
        """Not exceeded by COVERED of the packets."""
        self._fastest: deque[tuple[float, float]] = deque()
        self._last_arrival_s = float("-inf")
        self._packets = 0
        self._losses: deque[int] = deque(maxlen=2)

    @property
    def base_s(self) -> float:
        """The clock less the stream's time, for the fastest packet lately; 0 before any has come."""
        return self._fastest[0][1] if self._fastest else 0.0

    def add(self, stream_s: float, arrival_s: float) -> None:
        """A packet has come."""
        transit_s = arrival_s - stream_s
        while self._fastest and self._fastest[-1][1] >= transit_s:
            self._fastest.pop()
        self._fastest.append((arrival_s, transit_s))
        while self._fastest[0][0] < arrival_s - BASE_WINDOW_S:
            self._fastest.popleft()
        pause_s, self._last_arrival_s = arrival_s - self._last_arrival_s, arrival_s
        late_s = transit_s - self.base_s
        is_one_of_a_rush = pause_s < BUCKET_S / 2 and late_s > STANDSTILL_S
        if not is_one_of_a_rush:
            self._weights *= FORGET
            self._weights[min(int(late_s / BUCKET_S), BUCKETS - 1)] += 1 - FORGET
            share = np.cumsum(self._weights)
            self._late_s = float(np.searchsorted(share, COVERED * share[-1])) * BUCKET_S
        self._packets += 1

    def lost(self) -> None:
        """A packet did not come, or came too late."""
        if not self._losses or self._packets - self._losses[-1] > ONE_LOSS_PACKETS:
            self._losses.append(self._packets)

    @property
    def target_s(self) -> float:
        """How long after the fastest packet's arrival a sound is to be played."""
        return max(self._late_s + MARGIN_S, LEAST_LOSSY_S if self._is_lossy() else 0.0)

    def _is_lossy(self) -> bool:
        return len(self._losses) == 2 and self._packets - self._losses[0] < LOSSY_PACKETS
