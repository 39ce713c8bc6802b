"""A session: joining it, its members, their signals."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Len, MaxLen

from device.exchange.wire.accounts import User
from device.exchange.wire.common import MAX_SDP_CHARS, SessionId, Uid

Grant = Literal["publish", "subscribe", "record", "moderate"]
SignalKindName = Literal["offer", "answer", "candidate", "restart"]
Reason = Literal["remote_end", "connection_lost", "replaced", "removed"]


@dataclass(frozen=True, slots=True)
class State:
    audio_muted: bool
    video_paused: bool


@dataclass(frozen=True, slots=True)
class Join:
    """``session_id`` and ``uid``, where given, must be those of the token, else it is refused.
    ``audio_only`` counts for the first member; later ones learn the session's from Joined."""

    token: str = field(repr=False)
    """One that is too long is refused as token_malformed, so it has no bound here but the body's."""
    state: State = State(False, False)
    audio_only: bool = False
    session_id: SessionId | None = None
    uid: Uid | None = None


@dataclass(frozen=True, slots=True)
class RosterItem:
    user: User
    state: State
    seq: Annotated[int, Ge(1)]


@dataclass(frozen=True, slots=True)
class IceServerItem:
    urls: list[str]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    session_id: str
    me: RosterItem
    others: list[RosterItem]
    grants: list[str]
    audio_only: bool
    resume_secret: str = field(repr=False)
    ice_servers: list[IceServerItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SendSignal:
    to: Uid
    link: Annotated[str, Len(1, 64)]
    kind: SignalKindName
    body: Annotated[str, MaxLen(MAX_SDP_CHARS)]


@dataclass(frozen=True, slots=True)
class SignalEvent:
    sender: str
    link: str
    kind: SignalKindName
    body: str


@dataclass(frozen=True, slots=True)
class Left:
    uid: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class StateChanged:
    uid: str
    state: State
    changed_by: str


@dataclass(frozen=True, slots=True)
class VideoSwitch:
    """``request`` makes the audio session a video session: everyone is told (switched_to_video,
    ``accepted_by`` null) and the others are asked (video_requested). ``accept`` agrees: everyone is
    told again, with who accepted. Each side opens only its own camera, by its own consent."""

    action: Literal["request", "accept"]


@dataclass(frozen=True, slots=True)
class By:
    uid: str


@dataclass(frozen=True, slots=True)
class SwitchedEvent:
    initiated_by: str
    accepted_by: str | None


@dataclass(frozen=True, slots=True)
class RecordingEvent:
    running: bool
    changed_by: str
    recording_id: str


@dataclass(frozen=True, slots=True)
class Removed:
    reason: Reason


@dataclass(frozen=True, slots=True)
class SessionItem:
    session_id: str
    audio_only: bool
    members: list[User]


@dataclass(frozen=True, slots=True)
class Sessions:
    sessions: list[SessionItem]
