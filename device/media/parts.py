"""What all links of a call share."""

from dataclasses import dataclass
from functools import partial

from device.media.bandwidth.governor import BitrateGovernor
from device.media.bandwidth.link import LinkBandwidth
from device.media.feedback import LinkFeedback
from device.media.playout.mixer import Mixer
from device.media.sending.hub import VideoHub
from device.media.sending.queue import VideoQueue
from device.media.stages import StageTimes
from device.media.statistics import PeerCounts
from device.media.voice.sender import VoiceSender


@dataclass(frozen=True, slots=True)
class MediaParts:
    """One camera, one microphone, one loudspeaker."""

    governor: BitrateGovernor
    hub: VideoHub
    voice: VoiceSender
    mixer: Mixer
    stages: StageTimes
    decodes_on_board: bool

    def new_bandwidth(self) -> LinkBandwidth:
        """Each link has a network of its own."""
        return LinkBandwidth(self.governor, lambda: self.hub.sent_bps)

    def new_feedback(
        self, uid: str, counts: PeerCounts, queue: VideoQueue, bandwidth: LinkBandwidth
    ) -> LinkFeedback:
        """Carries what the other end of a link says to the parts that it is for."""
        report_loss = partial(self.voice.report_loss, uid)
        return LinkFeedback(counts, queue, bandwidth, report_loss)
