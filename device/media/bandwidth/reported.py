"""What a link's network takes, for a peer that reports no arrivals: by REMB and by the share lost."""

from collections.abc import Callable

USED = 0.85
"""An estimate counts once so much of it is used: a receiver cannot tell more than about one and a half
times what it is sent, so one far above that only says that little is sent."""
LOSS_LOW, LOSS_HIGH = 0.02, 0.10
GROWTH = 1.05
"""draft-ietf-rmcat-gcc-02 section 6, for each report."""


class ReportedEstimator:
    """Of one link."""

    def __init__(self, most_bps: float, sent_bps: Callable[[], float]) -> None:
        """``sent_bps``: what the peer is sent just now."""
        self._most_bps = most_bps
        self._sent_bps = sent_bps
        self._remb_bps = self._loss_bps = most_bps

    @property
    def estimate_bps(self) -> float:
        return min(self._remb_bps, self._loss_bps)

    def on_remb(self, bitrate_bps: float) -> None:
        """draft-alvestrand-rmcat-remb-03."""
        if self._sent_bps() >= USED * bitrate_bps or bitrate_bps > self._remb_bps:
            self._remb_bps = min(bitrate_bps, self._most_bps)

    def on_loss(self, fraction: float) -> None:
        """Of a receiver report (RFC 3550 section 6.4.2), about one a second."""
        if fraction > LOSS_HIGH:
            self._loss_bps = min(self._loss_bps, self._sent_bps()) * (1 - fraction / 2)
        elif fraction < LOSS_LOW:
            self._loss_bps = min(self._loss_bps * GROWTH, self._most_bps)
