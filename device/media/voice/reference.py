"""What the loudspeaker plays, as the microphone's clock sees it: the echo canceller's reference.

Two sound cards are two clocks. If blocks were paired one to one, the echo would move against its
reference until it came before it. So the reference is read at the place that the time of capture says,
resampled by the ratio of the two clocks, and the echo stays where it is.
"""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from device.media.resampling import AFTER, BEFORE, interpolate
from device.media.voice.clock import ClockLine
from hal import BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ

QUEUE_BLOCKS = 50
"""Half a second, should the capture thread stand still."""
LAG_S = 2 * BLOCK_S
"""How far behind the newest block it is read: one block, and one for a thread that is late. A sound
card's own buffer is longer, so the reference still comes before its echo."""
KEPT_SAMPLES = 20 * BLOCK_SAMPLES
JUMP_S = 0.01
"""A place further off than this is jumped to: blocks were lost. Nearer, it is drawn to it gently."""
PULL_S = 10.0
"""How long that takes."""
MOST_PULL = 20e-6


class EchoReference:
    """``played`` in the playback thread, ``read`` in the capture thread; neither waits for the other."""

    def __init__(self) -> None:
        self._queue: deque[tuple[int, float, bytes]] = deque(maxlen=QUEUE_BLOCKS)
        self._played = 0
        self._captured = 0
        self._playing = ClockLine()
        self._capturing = ClockLine()
        self._kept = np.zeros(KEPT_SAMPLES, np.float32)
        self._end = 0
        """How many samples were played up to the last one kept."""
        self._place: float | None = None
        """Where the next read begins, counted as ``_end`` is."""

    @property
    def drift(self) -> float:
        """How much faster the playback's clock runs than the capture's: 1e-6 is 1 ppm."""
        return self._capturing.period_s / self._playing.period_s - 1

    def played(self, block: bytes, now_s: float) -> None:
        """A block was handed to the loudspeaker; BLOCK_BYTES."""
        self._queue.append((self._played, now_s, block))
        self._played += 1

    def read(self, now_s: float) -> NDArray[np.int16]:
        """What belongs to the block that was captured just now: BLOCK_SAMPLES."""
        self._capturing.add(self._captured, now_s)
        self._take_played()
        due_s = self._capturing.due_s(self._captured)
        self._captured += 1
        if not self._playing.is_known:
            return np.zeros(BLOCK_SAMPLES, np.int16)
        step = 1 + self.drift
        wanted = self._wanted(due_s)
        if self._place is None or abs(wanted - self._place) > JUMP_S * SAMPLE_RATE_HZ:
            self._place = wanted
        pull = (wanted - self._place) / (PULL_S * SAMPLE_RATE_HZ)
        step += min(max(pull, -MOST_PULL), MOST_PULL)
        place, self._place = self._place, self._place + step * BLOCK_SAMPLES
        return self._interpolated(place, step)

    def _wanted(self, due_s: float) -> float:
        """The place, in samples played, that belongs to a time."""
        last = self._end // BLOCK_SAMPLES - 1
        since_s = due_s - LAG_S - self._playing.due_s(last)
        return self._end + since_s / self._playing.period_s * BLOCK_SAMPLES - BLOCK_SAMPLES

    def _take_played(self) -> None:
        while self._queue:
            number, at_s, block = self._queue.popleft()
            self._playing.add(number, at_s)
            samples = np.frombuffer(block, "<i2").astype(np.float32)
            # Blocks that the queue has dropped are a gap, which the next ones must not fill.
            gap = number * BLOCK_SAMPLES - self._end
            silence = np.zeros(min(gap, KEPT_SAMPLES), np.float32)
            self._kept = np.concatenate((self._kept, silence, samples))[-KEPT_SAMPLES:]
            self._end = (number + 1) * BLOCK_SAMPLES

    def _interpolated(self, place: float, step: float) -> NDArray[np.int16]:
        """A block from this place on; silence where nothing was played, or is kept no more."""
        first = math.floor(place) - BEFORE
        end = math.floor(place + step * BLOCK_SAMPLES) + AFTER + 1
        return interpolate(self._between(first, end), place - first, step, BLOCK_SAMPLES)

    def _between(self, first: int, end: int) -> NDArray[np.float32]:
        sound = np.zeros(end - first, np.float32)
        oldest = self._end - KEPT_SAMPLES
        start, stop = max(first, oldest), min(end, self._end)
        if start < stop:
            sound[start - first : stop - first] = self._kept[start - oldest : stop - oldest]
        return sound
