"""Counters of the media engine, cheap to keep, for people to read."""

from dataclasses import dataclass, field

from device.media.picture.counts import PictureCounts
from device.media.playout.counts import VoiceCounts
from device.media.stages import Stage, Timing
from device.media.traffic import LinkTraffic
from hal import SoundCounters


@dataclass(slots=True)
class PeerCounts:
    """One peer, over all its links. ``loss_fraction`` and ``estimated_bps`` (REMB) are of its last
    report of the video sent to it; packets and octets without retransmissions."""

    keyframes_asked: int = 0
    packets_nacked: int = 0
    """Asked for again; each time that one is asked for counts."""
    loss_fraction: float = 0.0
    estimated_bps: int | None = None
    takes_bps: float | None = None
    """What the present link's network takes, voice included, by the arrivals that the peer reports."""
    traffic: LinkTraffic = LinkTraffic()
    """Over the present link, just now."""
    video_packets_sent: int = 0
    video_octets_sent: int = 0
    voice_packets_sent: int = 0
    voice_octets_sent: int = 0
    video_frames_dropped: int = 0
    """Not sent: the peer was too far behind, or a keyframe had to come first."""
    video_sender_turns: int = 0
    """How often the sender came for the next frame, whether there was one or not."""
    voice_packets_dropped: int = 0
    """Not sent: they waited too long."""
    packets_refused: int = 0
    """Lost before they left, because this machine's kernel had no room for them."""
    packets_malformed: int = 0
    """Of the peer, dropped because they made no sense."""
    pictures: PictureCounts = PictureCounts()
    voice_packets_received: int = 0
    voice: VoiceCounts = field(default_factory=VoiceCounts)
    """How it was played, over the present link."""
    lip_offset_s: float | None = None
    """How much later than their sound the last pictures were shown, at the median; less than 0: the
    sound came later. None: without a voice or a picture, or before the peer's sender reports."""
    links: int = 0
    """Made so far; more than one: it was lost, or the peer came anew."""


@dataclass(frozen=True, slots=True)
class DriverCalls:
    """Calls of a device's driver, which are done one after another: how many have begun, and ended."""

    begun: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True)
class MediaStatistics:
    """Since the start of the call."""

    video_frames_encoded: int
    video_frames_cut: int
    """To RTP payloads: each one at most once, whatever the number of peers."""
    video_keyframes: int
    video_bytes: int
    video_bps: float
    """What the encoder gives just now."""
    audio_packets_encoded: int
    sound: SoundCounters
    keyframes_asked: int
    keyframes_made: int
    target_bps: int
    stages: dict[Stage, Timing]
    """How long each stage of the media takes, over all peers."""
    frame_rate_hz: int
    """What the encoder is asked for just now."""
    camera_calls: DriverCalls
    audio_calls: DriverCalls
    peers: dict[str, PeerCounts]
