"""Many voices in, one loudspeaker out."""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hal import BLOCK_BYTES, BLOCK_SAMPLES

TARGET_SAMPLES = 4 * BLOCK_SAMPLES
"""A voice starts to play once 40 ms of it are there."""
MOST_SAMPLES = 12 * BLOCK_SAMPLES
"""Of a voice more than 120 ms behind the oldest is dropped, down to the target."""
KNEE = 24_000
"""Above this a sum is bent instead of cut off."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class SoundCounts:
    """Blocks of 10 ms: ``dropped`` came faster than they were played, ``missing`` too late."""

    dropped: int
    missing: int


class VoiceBuffer:
    """What has come of one peer's voice and is not yet played."""

    def __init__(self) -> None:
        self._samples: deque[Samples] = deque()
        self._length = 0
        self._is_playing = False
        self.dropped_samples = 0
        self.missing_blocks = 0

    def put(self, samples: Samples) -> None:
        self._samples.append(samples)
        self._length += len(samples)
        if self._length > MOST_SAMPLES:
            self.dropped_samples += self._length - TARGET_SAMPLES
            self._take(self._length - TARGET_SAMPLES)

    def next(self) -> Samples | None:
        """The next BLOCK_SAMPLES, or None while there is too little."""
        if not self._is_playing:
            self._is_playing = self._length >= TARGET_SAMPLES
        if not self._is_playing:
            return None
        if self._length < BLOCK_SAMPLES:
            self._is_playing = False
            self.missing_blocks += 1
            return None
        return self._take(BLOCK_SAMPLES)

    def _take(self, count: int) -> Samples:
        parts: list[Samples] = []
        missing = count
        while missing:
            head = self._samples.popleft()
            parts.append(head[:missing])
            if len(head) > missing:
                self._samples.appendleft(head[missing:])
            missing -= len(parts[-1])
        self._length -= count
        return np.concatenate(parts)


class Mixer:
    """Voices are put in from the event loop, blocks taken out by the playback thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._voices: dict[str, VoiceBuffer] = {}
        self._past = SoundCounts(0, 0)

    def put(self, uid: str, samples: Samples) -> None:
        """More of a peer's voice: 48 kHz mono."""
        with self._lock:
            self._voices.setdefault(uid, VoiceBuffer()).put(samples)

    def remove(self, uid: str) -> None:
        """The peer is gone."""
        with self._lock:
            voice = self._voices.pop(uid, None)
            if voice is not None:
                self._past = _sum(self._past, voice)

    def counts(self) -> SoundCounts:
        """Of all peers, also of those who are gone."""
        with self._lock:
            counts = self._past
            for voice in self._voices.values():
                counts = _sum(counts, voice)
            return counts

    def next_block(self) -> bytes:
        """BLOCK_BYTES of all voices together; silence while nobody speaks. Never waits for long."""
        with self._lock:
            heard = [
                block for voice in self._voices.values() if (block := voice.next()) is not None
            ]
        if not heard:
            return bytes(BLOCK_BYTES)
        if len(heard) == 1:
            return heard[0].tobytes()
        return mix(heard).tobytes()


def _sum(counts: SoundCounts, voice: VoiceBuffer) -> SoundCounts:
    dropped = voice.dropped_samples // BLOCK_SAMPLES
    return SoundCounts(counts.dropped + dropped, counts.missing + voice.missing_blocks)


def mix(voices: list[Samples]) -> Samples:
    """The sum, bent above KNEE so that it never clips: knee + (x - knee) compressed towards full."""
    total = np.sum(voices, axis=0, dtype=np.float64)
    size = np.abs(total)
    room = 32_767 - KNEE
    bent = KNEE + room * (1 - np.exp(-(size - KNEE) / room))
    return np.where(size > KNEE, np.sign(total) * bent, total).astype(np.int16)
