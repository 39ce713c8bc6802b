"""What the world reported. Past tense; each is an input of ``step``."""

from dataclasses import dataclass

from device.session.values import EndReason, MediaState, Participant, Signal
from hal import AudioDevice, Button, CameraUnavailable, Edge


@dataclass(frozen=True, slots=True)
class PeerJoined:
    """Another participant entered the session. ``we_offer``: this unit makes the offer to them."""

    participant: Participant
    state: MediaState
    we_offer: bool


@dataclass(frozen=True, slots=True)
class PeerLeft:
    uid: str
    reason: EndReason


@dataclass(frozen=True, slots=True)
class PeerStateChanged:
    """``changed_by`` is the uid of who muted or paused them: themselves, or a moderator."""

    uid: str
    state: MediaState
    changed_by: str


@dataclass(frozen=True, slots=True)
class SignalReceived:
    signal: Signal


@dataclass(frozen=True, slots=True)
class VideoRequested:
    """Another participant asks for the audio call to become a video call."""

    uid: str


@dataclass(frozen=True, slots=True)
class SwitchedToVideo:
    """The session is a video call from now on. ``accepted_by`` is None when nobody had to."""

    initiated_by: str
    accepted_by: str | None


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    running: bool
    changed_by: str
    recording_id: str


@dataclass(frozen=True, slots=True)
class ExchangeLost:
    """The stream of events broke; the client is already trying again."""


@dataclass(frozen=True, slots=True)
class ExchangeRestored:
    lost_for_s: float


@dataclass(frozen=True, slots=True)
class RemovedFromSession:
    """The exchange put this unit out: REPLACED by another of its devices, REMOVED, or unknown after
    it was away for too long (CONNECTION_LOST)."""

    reason: EndReason


ExchangeFact = (
    PeerJoined
    | PeerLeft
    | PeerStateChanged
    | SignalReceived
    | VideoRequested
    | SwitchedToVideo
    | RecordingChanged
    | ExchangeLost
    | ExchangeRestored
    | RemovedFromSession
)


@dataclass(frozen=True, slots=True)
class SignalReady:
    """A link has something to tell its other end."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class PeerLinkUp:
    uid: str


@dataclass(frozen=True, slots=True)
class PeerLinkLost:
    """The media link died or could not be made. The engine asks for a new one."""

    uid: str


@dataclass(frozen=True, slots=True)
class CameraLost:
    """An open camera stopped for good."""

    error: CameraUnavailable


@dataclass(frozen=True, slots=True)
class DevicesChanged:
    """The audio routes present, latest connected last."""

    devices: tuple[AudioDevice, ...]


@dataclass(frozen=True, slots=True)
class AudioFailed:
    """The microphone or the route in use failed; silence until another is selected."""

    message: str


MediaFact = SignalReady | PeerLinkUp | PeerLinkLost | CameraLost | DevicesChanged | AudioFailed


@dataclass(frozen=True, slots=True)
class ButtonReported:
    """A finger on a physical button, passed in by ``control``."""

    button: Button
    edge: Edge


__all__ = [
    "AudioFailed",
    "ButtonReported",
    "CameraLost",
    "DevicesChanged",
    "ExchangeFact",
    "ExchangeLost",
    "ExchangeRestored",
    "MediaFact",
    "PeerJoined",
    "PeerLeft",
    "PeerLinkLost",
    "PeerLinkUp",
    "PeerStateChanged",
    "RecordingChanged",
    "RemovedFromSession",
    "SignalReady",
    "SignalReceived",
    "SwitchedToVideo",
    "VideoRequested",
]
