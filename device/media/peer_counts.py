"""Counts one peer: over the links that were, and over the present one."""

from dataclasses import replace

from device.media.peer import PeerLink
from device.media.picture.counts import PictureCounts
from device.media.picture.remote import RemotePictures
from device.media.playout.counts import VoiceCounts
from device.media.statistics import PeerCounts


def counts_now(
    past: PeerCounts, link: PeerLink | None, pictures: RemotePictures, voice: VoiceCounts
) -> PeerCounts:
    """``past``: without the present link, which is not added to it."""
    counts = replace(past, voice=voice)
    if link is None:
        counts.pictures = pictures.counts(PictureCounts())
        return counts
    counts.pictures = pictures.counts(link.pictures.counts())
    counts.takes_bps = link.bandwidth.estimate_bps
    counts.traffic = link.meter.traffic()
    counts.lip_offset_s = link.pictures.sync.offset_s
    add_link(counts, link)
    return counts


def add_link(counts: PeerCounts, link: PeerLink) -> None:
    """What the link has sent, and what it has dropped."""
    voice, video = link.meter.sent()
    counts.voice_packets_sent += voice.packets
    counts.voice_octets_sent += voice.octets
    counts.video_packets_sent += video.packets
    counts.video_octets_sent += video.octets
    counts.video_frames_dropped += link.video_queue.dropped
    counts.video_sender_turns += link.video_queue.turns
    counts.voice_packets_dropped += link.voice_queue.dropped
    counts.packets_refused += link.meter.refused
    counts.packets_malformed += link.malformed
