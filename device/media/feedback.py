"""What a peer says of what it gets, on its way to the encoders."""

from collections.abc import Callable

from device.media.bandwidth.link import LinkBandwidth
from device.media.sending.keyframes import KeyframeGate
from device.media.statistics import PeerCounts


class PeerFeedback:
    """Carries one peer's feedback to the gate, the estimators and the voice, and counts it."""

    def __init__(
        self,
        gate: KeyframeGate,
        new_bandwidth: Callable[[], LinkBandwidth],
        report_loss: Callable[[float], None],
    ) -> None:
        """``new_bandwidth``: each link has a network of its own. ``report_loss``: to the voice."""
        self._gate = gate
        self._new_bandwidth = new_bandwidth
        self._bandwidth = new_bandwidth()
        self._report_loss = report_loss
        self.counts = PeerCounts()

    def begin_link(self) -> LinkBandwidth:
        """A link is made: what is said from now on is of its network."""
        self.counts.links += 1
        self._bandwidth = self._new_bandwidth()
        return self._bandwidth

    def on_keyframe_wanted(self) -> None:
        self.counts.keyframes_asked += 1
        self._gate.ask()

    def on_bitrate_estimated(self, bitrate_bps: int) -> None:
        self.counts.estimated_bps = bitrate_bps
        self._bandwidth.on_bitrate_estimated(bitrate_bps)

    def on_loss_reported(self, fraction: float) -> None:
        self.counts.loss_fraction = fraction
        self._bandwidth.on_loss_reported(fraction)
        self._report_loss(fraction)  # of more packets than the voice has, on the same way

    def on_voice_loss_reported(self, fraction: float) -> None:
        """All there is to go by where no video is sent."""
        self._report_loss(fraction)

    def on_packets_missed(self, count: int) -> None:
        self.counts.packets_missed += count
