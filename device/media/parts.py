"""What all links of a call share."""

from dataclasses import dataclass

from device.media.bandwidth.governor import BitrateGovernor
from device.media.bandwidth.link import LinkBandwidth
from device.media.feedback import PeerFeedback
from device.media.playout.mixer import Mixer
from device.media.sending.hub import VideoHub
from device.media.sending.keyframes import KeyframeGate
from device.media.stages import StageTimes
from device.media.voice.sender import VoiceSender


@dataclass(frozen=True, slots=True)
class MediaParts:
    """One camera, one microphone, one loudspeaker."""

    gate: KeyframeGate
    governor: BitrateGovernor
    hub: VideoHub
    voice: VoiceSender
    mixer: Mixer
    stages: StageTimes
    decodes_on_board: bool

    def new_feedback(self, uid: str) -> PeerFeedback:
        """Carries what a peer says to the parts that it is for."""
        return PeerFeedback(
            self.gate,
            lambda: LinkBandwidth(uid, self.governor, lambda: self.hub.sent_bps),
            lambda fraction: self.voice.report_loss(uid, fraction),
        )
