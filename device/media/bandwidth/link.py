"""What is known of the network of one link, from whatever its other end says."""

from collections.abc import Callable, Sequence

from device.media.bandwidth.estimator import LinkEstimator
from device.media.bandwidth.governor import BitrateGovernor, LinkState
from device.media.bandwidth.reported import ReportedEstimator

CONGESTED_S = 0.1
"""Of waiting on the way: voice suffers from more."""


class LinkBandwidth:
    """Tells the governor. Once arrivals are reported, REMB and reports of loss are passed over."""

    def __init__(self, governor: BitrateGovernor, sent_bps: Callable[[], float]) -> None:
        """``sent_bps``: what the encoder gives just now."""
        self._governor = governor
        self._estimator = LinkEstimator(governor.most_bps, governor.most_bps)
        self._reported = ReportedEstimator(governor.most_bps, sent_bps)
        self._has_arrivals = False
        self._is_closed = False

    @property
    def estimate_bps(self) -> float | None:
        """What the network takes by its arrivals; None: they are not reported."""
        return self._estimator.estimate_bps if self._has_arrivals else None

    @property
    def pacing_bps(self) -> float:
        """How fast video may leave."""
        return self._governor.pacing_bps(self)

    def begin(self) -> None:
        """The link is up."""
        self._estimator.estimate_bps = self._governor.begin(self)

    def on_sent(self, first: int, sizes_bytes: Sequence[int], at_s: float) -> None:
        """Packets of any kind have left, with transport-wide numbers from ``first`` on."""
        if self._estimator.on_sent(first, sizes_bytes, at_s):
            self._tell()

    def on_arrivals(self, first: int, arrived_s: Sequence[float | None], at_s: float) -> None:
        """The packets from ``first`` on arrived then, on the other end's clock; None: lost."""
        self._has_arrivals = True
        self._estimator.on_arrivals(first, arrived_s, at_s)
        self._tell()

    def on_bitrate_estimated(self, bitrate_bps: int) -> None:
        """REMB."""
        self._reported.on_remb(bitrate_bps)
        self._tell()

    def on_loss_reported(self, fraction: float) -> None:
        """A receiver report of the video."""
        self._reported.on_loss(fraction)
        self._tell()

    def close(self) -> None:
        """The link is gone. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._governor.forget(self)

    def _tell(self) -> None:
        if self._is_closed:
            return
        if not self._has_arrivals:
            self._governor.estimate(self, self._reported.estimate_bps)
            return
        state = LinkState.CLEAR
        if self._estimator.is_silent:
            state = LinkState.SILENT
        elif self._estimator.queue_s > CONGESTED_S:
            state = LinkState.CONGESTED
        self._governor.estimate(self, self._estimator.estimate_bps, state)
