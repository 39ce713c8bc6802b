"""A call in the words of the control socket. Pure."""

from dataclasses import fields

import msgspec

from device.control.readings import CallReading, Happening, PeerReading, RouteReading
from device.phone.events import PhoneEvent, name_of
from device.session.call import CallSession
from device.session.events import METHODS, Event
from device.session.snapshot import Peer


def call_reading(call: CallSession) -> CallReading:
    """What a person asks of a call that is on."""
    now = call.snapshot
    return CallReading(
        session=now.session_id,
        phase=now.phase,
        is_audio_only=now.audio_only,
        is_muted=now.muted,
        camera=now.facing if now.camera_open else None,
        facings=now.facings,
        route=now.route,
        routes=tuple(RouteReading(one.mode, one.name, one.is_selected) for one in now.routes),
        is_pip=now.pip,
        is_recording=now.recording_id is not None,
        idle_s=call.idle_seconds_left,
        video_requested_by=now.video_requested_by,
        peers=tuple(map(_peer, now.peers)),
        camera_failed=now.camera_failed,
    )


def _peer(peer: Peer) -> PeerReading:
    who, state = peer.participant, peer.state
    return PeerReading(who.uid, who.name, peer.link, state.audio_muted, state.video_paused)


def happening(event: Event | PhoneEvent, at_s: float) -> Happening:
    """An event as those who follow get it."""
    details = {spec.name: msgspec.to_builtins(getattr(event, spec.name)) for spec in fields(event)}
    if isinstance(event, PhoneEvent):
        return Happening(name_of(event), at_s, details)
    return Happening(METHODS[type(event)].removeprefix("on_"), at_s, details)
