"""From a call to what the watchdog looks at."""

from device.media.statistics import DriverCalls, MediaStatistics
from device.service.standstill import Flow, Part, Progress, Reading
from device.session.snapshot import Link, Snapshot, Sound
from device.session.table import Phase


def reading_of(call: Snapshot | None, media: MediaStatistics) -> Reading:
    """What ought to move, as the call stands and as far as it has got. A device that is being opened,
    closed or switched owes the end of that, also when the call is over; one that was reported as failed
    owes nothing."""
    drivers = pending(Part.CAMERA_DRIVER, media.camera_calls) | pending(
        Part.SOUND_DRIVER, media.audio_calls
    )
    if call is None or not call.is_live:
        return drivers
    return drivers | _devices(call, media) | _peers(call, media)


def pending(part: Part, calls: DriverCalls) -> dict[Flow, Progress]:
    """What has begun has to end."""
    return {Flow(part): Progress(calls.ended)} if calls.begun > calls.ended else {}


def _devices(call: Snapshot, media: MediaStatistics) -> dict[Flow, Progress]:
    flows = {}
    if _shows(call):
        flows[Flow(Part.CAMERA)] = Progress(media.video_frames_encoded)
    if call.sound is Sound.OPEN and call.route is not None and call.route is call.wanted_route:
        # A muted microphone is encoded, too, as silence; and silence is played while nobody speaks.
        flows[Flow(Part.MICROPHONE)] = Progress(media.audio_packets_encoded)
        flows[Flow(Part.LOUDSPEAKER)] = Progress(media.sound.played_blocks)
    return flows


def _peers(call: Snapshot, media: MediaStatistics) -> dict[Flow, Progress]:
    flows = {}
    for peer in call.peers:
        uid = peer.participant.uid
        counts = media.peers.get(uid)
        if counts is None or peer.link is not Link.UP:
            continue
        pictures = counts.pictures
        flows[Flow(Part.DECODER, uid, counts.links)] = Progress(
            pictures.decoder_taken, pictures.decoder_given
        )
        if _shows(call):
            # On a slow network no packet may leave for long, but the sender comes to look. For a peer
            # that takes no H.264, or no picture at all, it never does.
            flows[Flow(Part.SENDER, uid, counts.links)] = Progress(
                counts.video_sender_turns + counts.video_packets_sent,
                media.video_frames_cut,
                needs_start=True,
            )
    return flows


def _shows(call: Snapshot) -> bool:
    return call.camera_open and call.wanted_camera and call.facing is call.wanted_facing


def words_of(call: Snapshot | None) -> str:
    """The call in a few words, for `systemctl status`."""
    if call is None:
        return "Not in a call."
    words = {
        Phase.CONNECTING: "Joining",
        Phase.ACTIVE: "In",
        Phase.RECONNECTING: "Reconnecting to",
        Phase.ENDING: "Leaving",
    }
    if call.phase not in words:
        return "Not in a call."
    others = len(call.peers)
    company = "alone" if not others else f"with {others} other{'s' if others > 1 else ''}"
    return f"{words[call.phase]} a session, {company}."
