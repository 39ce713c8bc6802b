"""What a peer says of the video that it gets, on its way to the encoders."""

from device.media.bandwidth.governor import BitrateGovernor
from device.media.sending.keyframes import KeyframeGate
from device.media.statistics import PeerCounts
from device.media.voice.sender import VoiceSender


class PeerFeedback:
    """Carries one peer's feedback to the gate, the governor and the voice, and counts it."""

    def __init__(
        self, uid: str, gate: KeyframeGate, governor: BitrateGovernor, voice: VoiceSender
    ) -> None:
        self._uid = uid
        self._gate = gate
        self._governor = governor
        self._voice = voice
        self.counts = PeerCounts()

    def on_keyframe_wanted(self) -> None:
        self.counts.keyframes_asked += 1
        self._gate.ask()

    def on_bitrate_estimated(self, bitrate_bps: int) -> None:
        self.counts.estimated_bps = bitrate_bps
        self._governor.estimate(self._uid, bitrate_bps)

    def on_loss_reported(self, fraction: float) -> None:
        self.counts.loss_fraction = fraction
        self._voice.report_loss(self._uid, fraction)  # it goes the same way as the video

    def on_packets_missed(self, count: int) -> None:
        self.counts.packets_missed += count
