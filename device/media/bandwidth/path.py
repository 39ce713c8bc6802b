"""What a link's packets say of the way they took: its rate, its queue, its loss. Times in seconds."""

from collections import deque
from collections.abc import Sequence

from device.media.bandwidth.sent import Fate

MEMORY_S = 20.0
"""A delay that was the shortest so long ago is not believed in any more: the route has changed, or the
two clocks have drifted (100 ppm are 2 ms in that time)."""
PAST_S = 1.0
SAME_S = 0.002
"""Packets so close count as one, which is cheaper."""


class Throughput:
    """Octets over time, at one end."""

    def __init__(self) -> None:
        self._octets: deque[tuple[float, int]] = deque()

    def add(self, at_s: float, size_bytes: int) -> None:
        if self._octets and at_s - self._octets[-1][0] < SAME_S:
            at_s, together = self._octets.pop()
            size_bytes += together
        self._octets.append((at_s, size_bytes))
        while self._octets[0][0] < at_s - PAST_S:
            self._octets.popleft()

    def over_bps(self, window_s: float) -> float:
        """Over the last ``window_s``, at most PAST_S, before the newest packet."""
        if not self._octets:
            return 0.0
        since_s = self._octets[-1][0] - window_s
        octets = 0
        for at_s, size_bytes in reversed(self._octets):
            if at_s <= since_s:
                break
            octets += size_bytes
        return octets * 8 / window_s


class QueueDelay:
    """How long packets wait on the way: their delay over the shortest of the last MEMORY_S. The clocks
    of the two ends differ, by a constant that falls out."""

    def __init__(self) -> None:
        self._shortest: deque[tuple[float, float]] = deque()
        self._before_s: float | None = None
        self.now_s = 0.0

    def add(self, fates: Sequence[Fate]) -> None:
        """Packets that were settled together. The luckiest of them and of those before counts, so that
        jitter, the length of a frame, and a moment's sleep of either end are not taken for a queue."""
        delays = [
            (fate.arrived_s - fate.sent_s, fate.sent_s)
            for fate in fates
            if fate.arrived_s is not None
        ]
        if not delays:
            return
        delay_s, at_s = min(delays)
        while self._shortest and self._shortest[-1][1] >= delay_s:
            self._shortest.pop()
        self._shortest.append((at_s, delay_s))
        while self._shortest[0][0] < at_s - MEMORY_S:
            self._shortest.popleft()
        before_s = delay_s if self._before_s is None else self._before_s
        self._before_s = delay_s
        self.now_s = max(0.0, min(delay_s, before_s) - self._shortest[0][1])

    def accept(self) -> None:
        """What is waited now is the way's own length."""
        self._shortest = deque([self._shortest[-1]])
        self.now_s = 0.0


class Loss:
    """The share of packets that did not arrive, over the last second; 0 for less than LEAST packets."""

    LEAST = 50

    def __init__(self) -> None:
        self._reports: deque[tuple[float, int, int]] = deque()
        self._since_s = float("-inf")
        self.fraction = 0.0

    def add(self, fates: Sequence[Fate]) -> None:
        """Packets that were settled together."""
        fresh = [fate for fate in fates if fate.sent_s > self._since_s]
        if not fresh:
            return
        lost = sum(fate.arrived_s is None for fate in fresh)
        newest_s = max(fate.sent_s for fate in fresh)
        self._reports.append((newest_s, len(fresh), lost))
        while self._reports[0][0] < newest_s - PAST_S:
            self._reports.popleft()
        packets = sum(report[1] for report in self._reports)
        lost = sum(report[2] for report in self._reports)
        self.fraction = lost / packets if packets >= self.LEAST else 0.0

    def forget(self, sent_until_s: float) -> None:
        """What was lost of what was sent until then has been acted on."""
        self._reports.clear()
        self.fraction = 0.0
        self._since_s = sent_until_s
