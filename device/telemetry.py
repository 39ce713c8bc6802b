"""The counters of media, board and process as the control socket tells them."""

import os
import time
from importlib.metadata import version
from pathlib import Path

from device.control.readings import (
    BoardReading,
    MediaReading,
    PeerTraffic,
    ProcessReading,
    ReceivedReading,
    SoundReading,
    StageReading,
)
from device.media.stages import Stage, Timing
from device.media.statistics import MediaStatistics, PeerCounts
from device.media.traffic import Received
from hal import Board

VERSION = version("callbox")


def media_reading(counts: MediaStatistics) -> MediaReading:
    return MediaReading(
        frames_encoded=counts.video_frames_encoded,
        video_bps=counts.video_bps,
        target_bps=counts.target_bps,
        frame_rate_hz=counts.frame_rate_hz,
        keyframes=counts.video_keyframes,
        sound=SoundReading(
            counts.sound.underruns, counts.sound.overruns, counts.sound.dropped_blocks
        ),
        stages=tuple(_stage(stage, timing) for stage, timing in counts.stages.items()),
        peers=tuple(_traffic(uid, peer) for uid, peer in counts.peers.items()),
    )


def _stage(stage: Stage, timing: Timing) -> StageReading:
    return StageReading(stage.value, timing.count, timing.p50_s, timing.p95_s, timing.max_s)


def _traffic(uid: str, peer: PeerCounts) -> PeerTraffic:
    now = peer.traffic
    return PeerTraffic(
        uid=uid,
        video_sent_bps=now.video_sent_bps,
        voice_sent_bps=now.voice_sent_bps,
        video_octets_sent=peer.video_octets_sent,
        voice_octets_sent=peer.voice_octets_sent,
        loss_fraction=peer.loss_fraction,
        round_trip_s=now.round_trip_s,
        takes_bps=peer.takes_bps,
        video=_received(now.video_received),
        voice=_received(now.voice_received),
        pictures_received=peer.pictures.received,
        pictures_dropped=peer.pictures.dropped,
        freezes=peer.pictures.freezes,
        voice_samples_played=peer.voice.played_samples,
        voice_samples_concealed=peer.voice.concealed_samples,
        voice_delay_s=peer.voice.delay_s,
        links=peer.links,
    )


def _received(stream: Received) -> ReceivedReading:
    return ReceivedReading(stream.bps, stream.jitter_s, stream.loss_fraction, stream.lost_packets)


def board_reading(board: Board) -> BoardReading:
    now = board.read()
    return BoardReading(
        now.model,
        now.memory_total_bytes,
        now.memory_available_bytes,
        now.temperature_c,
        None if now.throttling is None else now.throttling.value,
    )


def process_reading(began_s: float) -> ProcessReading:
    """``began_s``: when the unit began, on the clock of ``time.monotonic``."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return ProcessReading(
        pid=os.getpid(),
        uptime_s=time.monotonic() - began_s,
        cpu_s=time.process_time(),
        memory_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
    )
