"""Remembers at which rate a link's queue grew, to go carefully there (draft-ietf-rmcat-gcc-02, 5.5)."""

ALPHA = 0.2
"""Weight of the newest; section 5.5 has 0.05, for shorter intervals."""
SPREAD_START, SPREAD_LIMITS = 0.1, (0.05, 0.25)
"""Standard deviation as a share of the mean."""
DEVIATIONS = 3
"""What is further from the mean than so many belongs to another network."""


class Capacity:
    """Of one link; unknown until a queue has grown."""

    def __init__(self) -> None:
        self._mean_bps: float | None = None
        self._spread = SPREAD_START

    def add(self, arrived_bps: float) -> None:
        """So much arrived while the queue grew."""
        mean_bps = self._mean_bps
        if mean_bps is None or abs(arrived_bps - mean_bps) > DEVIATIONS * self._spread * mean_bps:
            self._mean_bps, self._spread = arrived_bps, SPREAD_START
            return
        self._mean_bps = mean_bps + ALPHA * (arrived_bps - mean_bps)
        off = abs(arrived_bps - self._mean_bps) / max(self._mean_bps, 1.0)
        low, high = SPREAD_LIMITS
        self._spread = min(max((1 - ALPHA) * self._spread + ALPHA * off, low), high)

    def outgrow(self, arrived_bps: float) -> None:
        """So much arrived and no queue grew: forget a network that was smaller."""
        if self._mean_bps is not None and arrived_bps > self._highest_bps():
            self._mean_bps = None

    def is_near(self, bps: float) -> bool:
        """Whether a rate is about the one at which the queue grew, or above."""
        if self._mean_bps is None:
            return False
        return bps > (1 - DEVIATIONS * self._spread) * self._mean_bps

    def _highest_bps(self) -> float:
        assert self._mean_bps is not None
        return (1 + self._spread) * self._mean_bps
