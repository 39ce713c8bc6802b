"""The nouns of a call. Imports nothing but the standard library and hal's values."""

from dataclasses import dataclass, field
from enum import Enum

from hal import AudioMode


@dataclass(frozen=True, slots=True)
class CallToken:
    """Authorises one user to join one session; a signed JWT that a unit carries but need not read."""

    session_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Participant:
    """A person or unit in a session. ``uid`` is unique within it."""

    uid: str
    name: str
    avatar: str | None = None


@dataclass(frozen=True, slots=True)
class MediaState:
    """What a participant shows and lets hear."""

    audio_muted: bool = False
    video_paused: bool = False


class EndReason(Enum):
    """Why a call or session ended, or a participant left."""

    LOCAL_END = "local_end"
    REMOTE_END = "remote_end"
    IDLE_TIMEOUT = "idle_timeout"
    CONNECTION_LOST = "connection_lost"
    REPLACED = "replaced"
    REMOVED = "removed"
    REFUSED = "refused"
    FAILED = "failed"


class LinkTarget(Enum):
    """What a connection event speaks of."""

    EXCHANGE = "exchange"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class AudioRoute:
    """A route as a listener sees it."""

    mode: AudioMode
    name: str
    is_selected: bool


class SignalKind(Enum):
    """What one end of a media link tells the other through the exchange."""

    OFFER = "offer"
    ANSWER = "answer"
    CANDIDATE = "candidate"
    RESTART = "restart"
    """Asks the offerer to make a new link, since the old one died."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One message between the two ends of a media link.

    ``peer`` is the other end (sender of a received one, addressee of a sent one). ``link`` is chosen
    by the offerer and names one peer connection: a signal of another link is stale and is dropped.
    ``body`` is SDP (OFFER, ANSWER), a candidate attribute line without ``a=`` (CANDIDATE; empty: no
    more to come) or empty (RESTART).
    """

    peer: str
    link: str
    kind: SignalKind
    body: str
