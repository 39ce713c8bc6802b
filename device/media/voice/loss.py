"""How much the peers miss of what they are sent: what the voice's error correction is made for."""

import math

FADE_S = 10.0
"""In so long a loss that does not come again fades to a third (1/e), however often peers report."""


class WorstLoss:
    """Of all peers: at once when it grows, slowly no more when it falls."""

    def __init__(self) -> None:
        self._losses: dict[str, tuple[float, float]] = {}

    def report(self, uid: str, fraction: float, now_s: float) -> None:
        """A peer has missed so much lately, 0 to 1."""
        faded = self._faded(self._losses[uid], now_s) if uid in self._losses else 0.0
        self._losses[uid] = max(fraction, faded), now_s

    def forget(self, uid: str) -> None:
        """The peer is gone."""
        self._losses.pop(uid, None)

    def at(self, now_s: float) -> float:
        """The worst of them, 0 to 1."""
        return max((self._faded(loss, now_s) for loss in self._losses.values()), default=0.0)

    @staticmethod
    def _faded(loss: tuple[float, float], now_s: float) -> float:
        fraction, at_s = loss
        return fraction * math.exp((at_s - now_s) / FADE_S)
