"""When a packet may leave, so that a keyframe does not fill the queues on its way at once.

A leaky bucket: every packet adds the time that it takes at the pacing rate, and what has been added must
not be further ahead of the clock than a frame (ordinary ones) or a small burst (large ones).
"""

from collections.abc import Callable, Sequence

FRAME_S = 0.034
"""An ordinary frame, of up to this time at the pacing rate, leaves at once."""
BURST_S = 0.005
REPEAT_S = 0.1
"""Of lost packets at the pacing rate, and no more, leave at once."""


class Pacer:
    """Of one link's video. Times in seconds on one clock."""

    def __init__(self, rate_bps: Callable[[], float]) -> None:
        """``rate_bps``: how fast it may leave just now."""
        self._rate_bps = rate_bps
        self._s_per_byte = 8 / rate_bps()
        self._paid_until_s = 0.0
        self._ahead_s = FRAME_S

    def begin(self, size: int, now_s: float) -> None:
        """A frame of ``size`` bytes is next."""
        self._s_per_byte = 8 / self._rate_bps()
        is_large = size * self._s_per_byte > FRAME_S
        is_behind = self._paid_until_s > now_s + BURST_S
        self._ahead_s = BURST_S if is_large or is_behind else FRAME_S

    def wait_s(self, now_s: float) -> float:
        """How long the next packet has to wait; 0: not at all."""
        return max(0.0, self._paid_until_s - self._ahead_s - now_s)

    def release(self, sizes: Sequence[int], now_s: float) -> int:
        """How many packets of these sizes in bytes, the frame's next ones, leave now; they count then.
        At least one: call it when there is nothing to wait for."""
        paid_until_s, released = max(self._paid_until_s, now_s), 0
        for size in sizes:
            paid_until_s += size * self._s_per_byte
            released += 1
            if paid_until_s > now_s + self._ahead_s:
                break
        self._paid_until_s = paid_until_s
        return released

    def repeat(self, size: int, now_s: float) -> bool:
        """Whether a packet of ``size`` bytes that was lost may leave again, before all that waits; it
        counts then. What a full queue on the way has lost must not fill it once more."""
        if self._paid_until_s > now_s + REPEAT_S:
            return False
        self._paid_until_s = max(self._paid_until_s, now_s) + size * self._s_per_byte
        return True
