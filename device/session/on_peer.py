"""What the exchange and the links report of a session and those in it. Pure."""

from dataclasses import replace

from device.session import facts, idle, outcomes
from device.session.draft import Draft
from device.session.effects import (
    ConnectPeer,
    DeliverSignal,
    DisconnectPeer,
    OpenCamera,
    PublishState,
    SendSignal,
    UseIceServers,
)
from device.session.events import (
    CallEnded,
    CallSwitchedToVideo,
    ConnectionLost,
    ConnectionRestored,
    RecordingToggled,
    SessionEnded,
    UserJoined,
    UserLeft,
    UserListChanged,
    UserMuted,
    VideoPaused,
)
from device.session.on_command import want_muted, want_route, wish_video
from device.session.routes import default_route
from device.session.snapshot import Link, Peer, Sound, VideoWish
from device.session.table import Phase, Trigger, allows
from device.session.values import EndReason, LinkTarget


def joined(draft: Draft, outcome: outcomes.Joined) -> None:
    """In: open the devices and meet the others. Too late, after an end, changes nothing."""
    if not allows(draft.snapshot.phase, Trigger.JOINED):
        return
    session = outcome.session
    draft.move(Trigger.JOINED)
    draft.set(
        session_id=session.session_id,
        me=session.me,
        grants=session.grants,
        session_has_video=not session.audio_only,
    )
    if session.audio_only and not draft.snapshot.audio_only:
        # Somebody began this session as an audio call; it stays one until it is switched.
        draft.set(audio_only=True, wanted_camera=False)
        draft.show(replace(draft.snapshot.state, video_paused=True))
    draft.do(UseIceServers(session.ice_servers))
    _open_sound(draft)
    if draft.snapshot.wanted_camera:
        draft.do(OpenCamera(draft.snapshot.wanted_facing))
    for entry in session.others:
        peer_joined(draft, facts.PeerJoined(entry.participant, entry.state, entry.we_offer))
    idle.watch(draft)


def _open_sound(draft: Draft) -> None:
    now = draft.snapshot
    chosen = now.settings.default_audio_mode
    if chosen is not None and all(device.mode is not chosen for device in now.devices):
        draft.raise_error(
            "audio_mode_unavailable",
            f"No {chosen.value} is connected; another route is used.",
            "default_audio_mode",
        )
        chosen = None
    route = default_route(now.devices, chosen, now.audio_only)
    draft.set(picked_route=chosen)
    if route is None:
        draft.raise_error("audio_unavailable", "This unit has no sound device connected.")
        draft.show_no_sound()
    else:
        want_route(draft, route)


def peer_joined(draft: Draft, fact: facts.PeerJoined) -> None:
    """Somebody came; or came anew, which makes a new link and no second event."""
    if not draft.snapshot.is_live:
        return
    uid = fact.participant.uid
    known = draft.snapshot.peer(uid)
    peer = Peer(fact.participant, fact.state, fact.we_offer)
    draft.do(ConnectPeer(uid, fact.we_offer))
    if known is not None:
        link = Link.LOST if known.link is Link.LOST else Link.CONNECTING
        draft.set_peer(replace(peer, state=known.state, link=link, lost_at_s=known.lost_at_s))
        peer_state_changed(draft, facts.PeerStateChanged(uid, fact.state, uid))
        return
    peers = (*draft.snapshot.peers, peer)
    draft.set(peers=peers, was_larger=draft.snapshot.was_larger or len(peers) > 1)
    draft.tell(UserJoined(fact.participant), UserListChanged(draft.snapshot.participants))
    idle.watch(draft)


def peer_left(draft: Draft, fact: facts.PeerLeft) -> None:
    """Somebody went; in a call of two that ends the call, and the session goes on."""
    peer = draft.snapshot.peer(fact.uid)
    if peer is None or not draft.snapshot.is_live:
        return
    draft.set(peers=tuple(other for other in draft.snapshot.peers if other is not peer))
    if draft.snapshot.video_requested_by == fact.uid:
        draft.set(video_requested_by=None)
    draft.tell(
        UserLeft(peer.participant, fact.reason), UserListChanged(draft.snapshot.participants)
    )
    draft.do(DisconnectPeer(fact.uid))
    if not draft.snapshot.was_larger:
        _call_ended(draft, fact.reason)
    idle.watch(draft)


def _call_ended(draft: Draft, reason: EndReason) -> None:
    if not draft.snapshot.call_ended:
        draft.set(call_ended=True)
        draft.tell(CallEnded(reason))


def peer_state_changed(draft: Draft, fact: facts.PeerStateChanged) -> None:
    """Somebody muted or paused, or a moderator muted this unit."""
    if not draft.snapshot.is_live:
        return
    if fact.uid == draft.me.uid:
        if fact.changed_by != fact.uid and fact.state.audio_muted:
            want_muted(draft, True, fact.changed_by)
        return
    peer = draft.snapshot.peer(fact.uid)
    if peer is None:
        return
    draft.set_peer(replace(peer, state=fact.state))
    if fact.state.audio_muted != peer.state.audio_muted:
        draft.tell(UserMuted(peer.participant, fact.state.audio_muted, fact.changed_by))
    if fact.state.video_paused != peer.state.video_paused:
        draft.tell(VideoPaused(peer.participant, fact.state.video_paused))


def video_requested(draft: Draft, fact: facts.VideoRequested) -> None:
    """Another wishes this unit's camera on; it opens when its person or its settings say so."""
    if not draft.snapshot.is_live or not draft.snapshot.audio_only:
        return
    if not draft.snapshot.settings.accept_video_by_itself:
        draft.set(video_requested_by=fact.uid)
    elif draft.snapshot.facings:
        wish_video(draft, VideoWish.ACCEPT)


def switched_to_video(draft: Draft, fact: facts.SwitchedToVideo) -> None:
    """The audio call became a video call, or one more agreed to it."""
    if not draft.snapshot.is_live:
        return
    draft.set(session_has_video=True)
    if draft.me.uid in (fact.initiated_by, fact.accepted_by):
        now_in_video(draft)
    draft.tell(CallSwitchedToVideo(draft.snapshot.session_id, fact.initiated_by, fact.accepted_by))


def now_in_video(draft: Draft) -> None:
    """This unit takes part with its camera; the loudspeaker may be the better route now."""
    draft.set(audio_only=False, video_wish=None, video_requested_by=None, session_has_video=True)
    now = draft.snapshot
    route = default_route(now.devices, now.picked_route, now.audio_only)
    if route is not None:
        want_route(draft, route)


def recording_changed(draft: Draft, fact: facts.RecordingChanged) -> None:
    """Recording started or stopped somewhere in the session."""
    recording_id = fact.recording_id if fact.running else None
    if draft.snapshot.is_live and draft.snapshot.recording_id != recording_id:
        draft.set(recording_id=recording_id)
        draft.tell(RecordingToggled(fact.running, fact.changed_by, fact.recording_id))


def signal_received(draft: Draft, fact: facts.SignalReceived) -> None:
    """On to the link; a signal of somebody who is gone is stale."""
    if draft.snapshot.is_live and draft.snapshot.peer(fact.signal.peer) is not None:
        draft.do(DeliverSignal(fact.signal))


def signal_ready(draft: Draft, fact: facts.SignalReady) -> None:
    """On to the exchange, while the other is there."""
    if draft.snapshot.is_live and draft.snapshot.peer(fact.signal.peer) is not None:
        draft.do(SendSignal(fact.signal))


def peer_link_up(draft: Draft, fact: facts.PeerLinkUp) -> None:
    """Media may flow."""
    peer = draft.snapshot.peer(fact.uid)
    if peer is None or peer.link is Link.UP or not draft.snapshot.is_live:
        return
    draft.set_peer(replace(peer, link=Link.UP, lost_at_s=None))
    if peer.lost_at_s is not None:
        lost_for_s = draft.now_s - peer.lost_at_s
        draft.tell(ConnectionRestored(LinkTarget.PEER, peer.participant, lost_for_s))


def peer_link_lost(draft: Draft, fact: facts.PeerLinkLost) -> None:
    """A new link under the same participant; the listener hears of the loss once."""
    peer = draft.snapshot.peer(fact.uid)
    if peer is None or not draft.snapshot.is_live:
        return
    draft.do(ConnectPeer(fact.uid, peer.we_offer))
    if peer.link is not Link.LOST:
        draft.set_peer(replace(peer, link=Link.LOST, lost_at_s=draft.now_s))
        draft.tell(ConnectionLost(LinkTarget.PEER, peer.participant))


def exchange_lost(draft: Draft, fact: facts.ExchangeLost) -> None:
    """The call goes on from peer to peer; the client tries again."""
    if draft.snapshot.phase is Phase.ACTIVE:
        draft.move(Trigger.EXCHANGE_LOST)
        draft.set(exchange_lost_at_s=draft.now_s)
        draft.tell(ConnectionLost(LinkTarget.EXCHANGE, None))


def exchange_restored(draft: Draft, fact: facts.ExchangeRestored) -> None:
    """Back; what changed meanwhile is told again."""
    if draft.snapshot.phase is Phase.RECONNECTING:
        draft.move(Trigger.EXCHANGE_RESTORED)
        draft.set(exchange_lost_at_s=None)
        draft.tell(ConnectionRestored(LinkTarget.EXCHANGE, None, fact.lost_for_s))
        draft.do(PublishState(draft.snapshot.state))


def removed_from_session(draft: Draft, fact: facts.RemovedFromSession) -> None:
    draft.end(fact.reason)


def released(draft: Draft, outcome: outcomes.Released) -> None:
    """Everything is free: the last events. A call that never was ends without any."""
    if not allows(draft.snapshot.phase, Trigger.RELEASED):
        return
    draft.move(Trigger.RELEASED)
    now = draft.snapshot
    draft.set(camera_open=False, wanted_camera=False, route=None, peers=(), sound=Sound.CLOSED)
    if now.me is not None:
        reason = now.end_reason or EndReason.FAILED
        if now.ended_with_one:
            _call_ended(draft, reason)
        draft.tell(SessionEnded(reason))
