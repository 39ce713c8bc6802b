"""What the other end of a link says of what it gets, on its way to the encoders."""

from collections.abc import Callable

from device.media.bandwidth.link import LinkBandwidth
from device.media.sending.queue import VideoQueue
from device.media.statistics import PeerCounts


class LinkFeedback:
    """Carries it to the queue, the estimators and the voice, and counts it for the peer."""

    def __init__(
        self,
        counts: PeerCounts,
        queue: VideoQueue,
        bandwidth: LinkBandwidth,
        report_loss: Callable[[float], None],
    ) -> None:
        """``counts``: over all links of the peer. ``report_loss``: to the voice."""
        self._counts = counts
        self._queue = queue
        self._bandwidth = bandwidth
        self._report_loss = report_loss

    def on_keyframe_wanted(self) -> None:
        self._counts.keyframes_asked += 1
        self._queue.on_keyframe_wanted()

    def on_bitrate_estimated(self, bitrate_bps: int) -> None:
        self._counts.estimated_bps = bitrate_bps
        self._bandwidth.on_bitrate_estimated(bitrate_bps)

    def on_loss_reported(self, fraction: float) -> None:
        self._counts.loss_fraction = fraction
        self._bandwidth.on_loss_reported(fraction)
        self._report_loss(fraction)  # of more packets than the voice has, on the same way

    def on_voice_loss_reported(self, fraction: float) -> None:
        """All there is to go by where no video is sent."""
        self._report_loss(fraction)

    def on_packets_nacked(self, count: int) -> None:
        self._counts.packets_nacked += count
