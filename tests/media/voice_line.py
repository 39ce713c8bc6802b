"""A voice on its way from one clock to another: real Opus, and a network that is a list of times."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from device.media.libopus import PACKET_SAMPLES
from device.media.playout.packets import VoicePacket
from device.media.playout.voice_buffer import VoiceBuffer
from device.media.voice.encoder import OpusEncoder
from hal import BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ

PACKET_S = PACKET_SAMPLES / SAMPLE_RATE_HZ
SSRC = 7


def buzz(seconds: float) -> np.ndarray:
    """Something like a voice that never pauses: harmonics of a pitch that wanders about 120 Hz."""
    times = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * (120 * times + 5 * np.sin(2 * np.pi * 0.7 * times))
    sound = sum(np.sin(number * phase) / number for number in range(1, 12))
    return np.asarray(4000 * sound, np.int16)


@cache
def packets(count: int) -> tuple[VoicePacket, ...]:
    """The first packets of ``buzz``, numbered so that everything wraps soon."""
    encoder = OpusEncoder()
    encoder.expect_loss(0.1)
    sound = buzz(count * PACKET_S)
    made = []
    for number in range(count):
        part = sound[number * PACKET_SAMPLES : (number + 1) * PACKET_SAMPLES]
        payload = encoder.encode(part.tobytes())
        sequence_number = (65_500 + number) % 65_536
        timestamp = (2**32 - 10_000 + number * PACKET_SAMPLES) % 2**32
        made.append(VoicePacket(SSRC, sequence_number, timestamp, payload))
    return tuple(made)


@dataclass
class Listener:
    """Takes a block every 10 ms of its own clock, which runs ``drift`` faster than the sender's."""

    drift: float = 0.0
    buffer: VoiceBuffer = field(default_factory=VoiceBuffer)
    heard: list[np.ndarray] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)

    def listen(
        self, arrivals: Iterator[tuple[float, VoicePacket]], until_s: float, since_s: float = 0.0
    ) -> None:
        """``arrivals``: (seconds, packet) in the order of the seconds."""
        coming = next(arrivals, None)
        block = 0
        while (now_s := since_s + block * BLOCK_S / (1 + self.drift)) < until_s:
            while coming is not None and coming[0] <= now_s:
                self.buffer.put(coming[1], coming[0])
                coming = next(arrivals, None)
            sound = self.buffer.next_block(now_s)
            self.heard.append(np.zeros(BLOCK_SAMPLES, np.int16) if sound is None else sound)
            self.delays_s.append(self.buffer.counts.delay_s)
            block += 1

    def delay_s(self, seconds: float) -> float:
        """The delay over the last so many seconds, at the median."""
        return float(np.median(self.delays_s[-round(seconds / BLOCK_S) :]))


def sent(
    voice: tuple[VoicePacket, ...], late_s: Callable[[int], float | None] = lambda number: 0.0
) -> Iterator[tuple[float, VoicePacket]]:
    """Each packet when it arrives: its end, and ``late_s`` of its number; None: it is lost."""
    arrivals = []
    for number, packet in enumerate(voice):
        late = late_s(number)
        if late is not None:
            arrivals.append(((number + 1) * PACKET_S + late, number, packet))
    return iter([(at_s, packet) for at_s, _, packet in sorted(arrivals)])
