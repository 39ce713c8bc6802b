"""One line about a unit and its call, for a person to glance at."""

from device.session.snapshot import Link, Peer, Snapshot
from device.session.table import Phase
from device.unit import Unit

_PHASES = {
    Phase.IDLE: "starting",
    Phase.CONNECTING: "joining",
    Phase.ACTIVE: "in the session",
    Phase.RECONNECTING: "reconnecting",
    Phase.ENDING: "leaving",
    Phase.ENDED: "not in a call",
}


def status_line(unit: Unit, snapshot: Snapshot | None) -> str:
    """``in the session · with Ana (muted) · mic on · camera front · speaker · 12 frames ...``"""
    if snapshot is None or snapshot.phase is Phase.ENDED:
        return _PHASES[Phase.ENDED]
    parts = [_PHASES[snapshot.phase], _company(snapshot.peers)]
    parts.append("microphone muted" if snapshot.muted else "microphone on")
    parts.append(f"camera {snapshot.facing.value}" if snapshot.camera_open else "camera closed")
    if snapshot.route is not None:
        parts.append(snapshot.route.value)
    if unit.media is not None:
        counts = unit.media.statistics()
        parts.append(f"{counts.video_frames_encoded} frames, {counts.video_bytes // 1024} KiB sent")
    return " · ".join(parts)


def _company(peers: tuple[Peer, ...]) -> str:
    if not peers:
        return "alone"
    return "with " + ", ".join(_name(peer) for peer in peers)


def _name(peer: Peer) -> str:
    notes = [
        note
        for note, applies in (
            ("connecting", peer.link is Link.CONNECTING),
            ("link lost", peer.link is Link.LOST),
            ("muted", peer.state.audio_muted),
            ("no video", peer.state.video_paused),
        )
        if applies
    ]
    return f"{peer.participant.name} ({', '.join(notes)})" if notes else peer.participant.name
