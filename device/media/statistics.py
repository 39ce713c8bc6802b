"""Counters of the media engine, cheap to keep, for people to read."""

from dataclasses import dataclass, replace


@dataclass(slots=True)
class PeerCounts:
    """What one peer said of the video sent to it. ``loss_fraction`` is of the last report."""

    keyframes_asked: int = 0
    packets_missed: int = 0
    loss_fraction: float = 0.0
    estimated_bps: int | None = None

    def copy(self) -> "PeerCounts":
        return replace(self)


@dataclass(frozen=True, slots=True)
class MediaStatistics:
    """Since the start of the call."""

    video_frames_encoded: int
    video_keyframes: int
    video_bytes: int
    audio_packets_encoded: int
    keyframes_asked: int
    keyframes_made: int
    target_bps: int
    peers: dict[str, PeerCounts]
