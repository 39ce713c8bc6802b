"""A simulated sender behind a simulated bottleneck, on a clock of its own. Seeded, no sleeps."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from device.media.bandwidth.estimator import LinkEstimator
from device.media.bandwidth.sent import OVERHEAD_BYTES
from device.media.rtc.arrivals import ArrivalLog
from device.media.rtc.feedback_exchange import ReferenceClock

VOICE_BYTES = 130
VOICE_S = 0.02
REPORT_S = 0.075


@dataclass
class Way:
    """One direction; knobs to turn while it runs."""

    rate_bps: float = 5e6
    delay_s: float = 0.02
    queue_s: float = 0.3
    loss: float = 0.0
    jitter_s: float = 0.0
    foreign_bps: float = 0.0


@dataclass
class Sample:
    at_s: float
    estimate_bps: float
    wait_s: float
    voice_lost: int


@dataclass
class Call:
    """Voice, and video that fills the estimate up to ``most_bps``, sent through ``way``."""

    estimator: LinkEstimator
    way: Way = field(default_factory=Way)
    most_bps: float = 2.2e6
    seed: int = 1
    pacing: float = 2.5
    hz: int = 30

    def __post_init__(self) -> None:
        self.now_s = 100.0
        self.samples: list[Sample] = []
        self._random = random.Random(self.seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._sequence = 65_000
        self._free_s = 0.0
        self._log = ArrivalLog()
        self._clock = ReferenceClock()
        self._wait_s = 0.0
        self._lost = 0
        self._paid_s = 0.0
        self.sizes_factor = 1.0
        self._at(0, self._voice)
        self._at(0, self._picture)
        self._at(REPORT_S, self._report)
        self._at(0.05, self._sample)

    def run(self, seconds: float) -> list[Sample]:
        """What was so in that time."""
        before, until_s = len(self.samples), self.now_s + seconds
        while self._events[0][0] <= until_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()
        self.now_s = until_s
        return self.samples[before:]

    def _at(self, in_s: float, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now_s + in_s, self._count, event))

    def _voice(self) -> None:
        if not self._send(VOICE_BYTES):
            self._lost += 1
        self._at(VOICE_S, self._voice)

    def _picture(self) -> None:
        video_bps = min(self.most_bps, 0.93 * (self.estimator.estimate_bps - 60_000))
        size = int(max(video_bps, 30_000) / self.hz / 8 * self._random.uniform(0.7, 1.3))
        self._paid_s = max(self._paid_s, self.now_s)
        while size > 0:
            part = min(size, 1200) + 60
            self._at(self._paid_s - self.now_s, lambda part=part: self._send(part))  # type: ignore[misc]
            self._paid_s += part * 8 / (self.pacing * max(video_bps, 30_000))
            size -= 1200
        self._at(1 / self.hz, self._picture)

    def _send(self, size: int) -> bool:
        sequence, self._sequence = self._sequence, self._sequence + 1
        self.estimator.on_sent(sequence % 2**16, [size], self.now_s)
        start_s = max(self.now_s, self._free_s)
        self._wait_s = start_s - self.now_s
        is_lost = self._random.random() < self.way.loss
        if self._wait_s > self.way.queue_s or is_lost:
            return is_lost
        rate_bps = self.way.rate_bps - self.way.foreign_bps
        self._free_s = start_s + (size + OVERHEAD_BYTES) * 8 / rate_bps
        arrival_s = self._free_s + self.way.delay_s + self._random.random() * self.way.jitter_s
        self._at(arrival_s - self.now_s, lambda: self._arrive(sequence))
        return True

    def _arrive(self, sequence: int) -> None:
        self._log.note(sequence % 2**16, self.now_s + 12_345.678)

    def _report(self) -> None:
        for message in self._log.take(1, 2):
            arrived_s = self._clock.arrivals_s(message)
            self._at(
                self.way.delay_s,
                lambda first=message.base_sequence, arrived_s=arrived_s: (  # type: ignore[misc]
                    self.estimator.on_arrivals(first, arrived_s, self.now_s)
                ),
            )
        self._at(REPORT_S, self._report)

    def _sample(self) -> None:
        wait_s = max(0.0, self._free_s - self.now_s)
        self.samples.append(Sample(self.now_s, self.estimator.estimate_bps, wait_s, self._lost))
        self._at(0.05, self._sample)
