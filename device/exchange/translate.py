"""From the wire's messages to the facts and values of a call, and back. No I/O."""

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from device.exchange import wire
from device.session import facts
from device.session.facts import ExchangeFact
from device.session.ports import IceServer, JoinedSession, RosterEntry
from device.session.values import EndReason, MediaState, Participant, Signal, SignalKind

logger = logging.getLogger(__name__)


def participant(user: wire.User) -> Participant:
    """Whoever is called so may have said so themselves: a visitor is told by the name."""
    name = f"{user.name} (visitor)" if user.kind == "visitor" else user.name
    return Participant(user.uid, name, user.avatar)


def media_state(state: wire.State) -> MediaState:
    return MediaState(state.audio_muted, state.video_paused)


def wire_state(state: MediaState) -> wire.State:
    return wire.State(state.audio_muted, state.video_paused)


def joined_session(joined: wire.Joined) -> JoinedSession:
    """Of two members the one who came later, with the higher ``seq``, makes the offer."""
    others = tuple(
        RosterEntry(
            participant(item.user), media_state(item.state), we_offer=joined.me.seq > item.seq
        )
        for item in joined.others
    )
    servers = tuple(
        IceServer(tuple(item.urls), item.username, item.credential) for item in joined.ice_servers
    )
    return JoinedSession(
        joined.session_id,
        participant(joined.me.user),
        others,
        frozenset(joined.grants),
        joined.audio_only,
        servers,
    )


def fact_of(name: str, data: str, my_seq: int) -> ExchangeFact | None:
    """The fact that an event reports; None for one that is unknown or malformed (logged)."""
    known = _EVENTS.get(name)
    if known is None:
        return None
    kind, translate = known
    try:
        return translate(msgspec.json.decode(data, type=kind), my_seq)
    except (msgspec.MsgspecError, ValueError) as error:
        logger.warning("the exchange sent a malformed %r event: %s", name, error)
        return None


def _joined(item: wire.RosterItem, my_seq: int) -> ExchangeFact:
    return facts.PeerJoined(
        participant(item.user), media_state(item.state), we_offer=my_seq > item.seq
    )


def _signal(event: wire.SignalEvent, _: int) -> ExchangeFact:
    return facts.SignalReceived(
        Signal(event.sender, event.link, SignalKind(event.kind), event.body)
    )


_EVENTS: dict[str, tuple[Any, Callable[[Any, int], ExchangeFact]]] = {
    "joined": (wire.RosterItem, _joined),
    "left": (wire.Left, lambda event, _: facts.PeerLeft(event.uid, EndReason(event.reason))),
    "state": (
        wire.StateChanged,
        lambda event, _: facts.PeerStateChanged(
            event.uid, media_state(event.state), event.changed_by
        ),
    ),
    "signal": (wire.SignalEvent, _signal),
    "video_requested": (wire.By, lambda event, _: facts.VideoRequested(event.uid)),
    "switched_to_video": (
        wire.SwitchedEvent,
        lambda event, _: facts.SwitchedToVideo(event.initiated_by, event.accepted_by),
    ),
    "recording": (
        wire.RecordingEvent,
        lambda event, _: facts.RecordingChanged(
            event.running, event.changed_by, event.recording_id
        ),
    ),
    "removed": (
        wire.Removed,
        lambda event, _: facts.RemovedFromSession(EndReason(event.reason)),
    ),
}
