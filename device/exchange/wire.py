"""The messages between the exchange and its clients. No I/O.

Plain dataclasses, so that the server's web framework validates and documents them and the unit's
client decodes them without it. JSON over HTTP, all below ``API``; names are as written here.

    method path                needs           body -> answer
    POST   /sign-in            -               SignIn -> SignedIn (with X-Callbox a cookie, too)
    POST   /sign-out           account         -> 204
    GET    /me                 account         -> User
    POST   /tokens             account         TokenRequest -> TokenAnswer
    GET    /sessions           account         -> Sessions: those now running
    POST   /join               call token      Join -> Joined
    GET    /session/events     membership      -> text/event-stream; honours Last-Event-ID
    POST   /session/signals    membership      SendSignal -> 204
    PUT    /session/state      membership      State -> 204
    POST   /session/video      membership      VideoSwitch -> 204
    POST   /session/leave      membership      -> 204; idempotent
    GET    /health             -               -> Health

*account* is ``Authorization: Bearer <auth token>`` or the cookie of /sign-in (then with the header
``X-Callbox: 1``, which no foreign page can send). *membership* is ``Authorization: Bearer
<resume_secret>`` of the Joined answer; it names session and user, so neither is believed of a body.
A refusal is a Problem with a 4xx status; ``code`` is one of CODES.

Events (``event:`` name, ``data:`` JSON, ``id:`` counts per member from 1): joined RosterItem, left Left,
state StateChanged, signal SignalEvent, video_requested By, switched_to_video SwitchedEvent,
recording RecordingEvent, removed Removed (the last one). A comment line every 5 s keeps the line warm.
An event that was seen need not come again, yet one may: ``id`` tells, and a client drops what it knows.

Offering: of two members the one with the higher ``seq`` (who came later) makes the offer.
A member without an event stream for ``GONE_AFTER_S`` has left (connection_lost). Joining again as the
same user replaces the former membership (removed: replaced), with a new ``seq``.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Len, MaxLen

API = "/api/v1"
KEEPALIVE_S = 5.0
GONE_AFTER_S = 15.0
MAX_BODY_BYTES = 256 * 1024
MAX_SDP_CHARS = 65_536

Text = Annotated[str, MaxLen(256)]
Uid = Annotated[str, Len(1, 128)]
SessionId = Annotated[str, MaxLen(128)]
Grant = Literal["publish", "subscribe", "record", "moderate"]
SignalKindName = Literal["offer", "answer", "candidate", "restart"]
Reason = Literal["remote_end", "connection_lost", "replaced", "removed"]

CODES = {
    "session_id_empty": 422,
    "auth_token_empty": 401,
    "auth_token_refused": 401,
    "sign_in_refused": 401,
    "too_many_attempts": 429,
    "token_malformed": 401,
    "token_algorithm": 401,
    "token_signature": 401,
    "token_expired": 401,
    "token_not_yet_valid": 401,
    "token_wrong_session": 401,
    "token_wrong_user": 401,
    "token_reused": 401,
    "not_in_session": 403,
    "not_permitted": 403,
    "peer_not_in_session": 404,
    "session_full": 409,
    "signal_malformed": 422,
    "no_video_request": 409,
    "call_not_found": 404,
    "not_in_call": 403,
    "not_caller": 403,
    "not_receiver": 403,
    "own_call": 409,
    "caller_busy": 409,
    "callee_unknown": 404,
    "callee_not_reachable": 409,
    "call_terminated": 409,
    "call_not_started": 409,
    "call_answered": 409,
    "answered_elsewhere": 409,
    "body_too_large": 413,
    "body_invalid": 422,
    "not_found": 404,
    "method_not_allowed": 405,
    "internal_error": 500,
}
"""Every code a refusal may carry, and its HTTP status."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal: ``code`` for programs, ``message`` for people (says what to do)."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SignIn:
    uid: Uid
    password: Annotated[str, MaxLen(1024)] = field(repr=False)


@dataclass(frozen=True, slots=True)
class User:
    uid: str
    name: str
    avatar: str | None = None
    kind: Literal["person", "unit"] = "person"


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    auth_token: str = field(repr=False)
    expires_at: int = 0
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """``session_id`` may be empty here so that the exchange can refuse it with its own code."""

    session_id: SessionId
    single_use: bool = False


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    session_id: str
    token: str = field(repr=False)
    expires_at: int = 0


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


@dataclass(frozen=True, slots=True)
class Health:
    status: Literal["ok"]
    version: str
