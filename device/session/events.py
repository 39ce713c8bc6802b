"""What a call tells its listeners. Past tense; one class for each method of CallListener."""

from dataclasses import dataclass

from device.session.values import AudioRoute, EndReason, LinkTarget, Participant


@dataclass(frozen=True, slots=True)
class CallEnded:
    reason: EndReason


@dataclass(frozen=True, slots=True)
class SessionEnded:
    reason: EndReason


@dataclass(frozen=True, slots=True)
class SessionTimeout:
    pass


@dataclass(frozen=True, slots=True)
class SessionTimeoutWarning:
    seconds_left: float


@dataclass(frozen=True, slots=True)
class CallEndButtonPressed:
    source: str


@dataclass(frozen=True, slots=True)
class UserJoined:
    participant: Participant


@dataclass(frozen=True, slots=True)
class UserLeft:
    participant: Participant
    reason: EndReason


@dataclass(frozen=True, slots=True)
class UserListChanged:
    participants: tuple[Participant, ...]


@dataclass(frozen=True, slots=True)
class AudioModeChanged:
    routes: tuple[AudioRoute, ...]


@dataclass(frozen=True, slots=True)
class CallSwitchedToVideo:
    session_id: str
    initiated_by: str
    accepted_by: str | None


@dataclass(frozen=True, slots=True)
class UserMuted:
    participant: Participant
    muted: bool
    muted_by: str


@dataclass(frozen=True, slots=True)
class VideoPaused:
    participant: Participant
    paused: bool


@dataclass(frozen=True, slots=True)
class RecordingToggled:
    running: bool
    changed_by: str
    recording_id: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    target: LinkTarget
    participant: Participant | None


@dataclass(frozen=True, slots=True)
class ConnectionRestored:
    target: LinkTarget
    participant: Participant | None
    lost_for_s: float


@dataclass(frozen=True, slots=True)
class ErrorRaised:
    code: str
    message: str
    details: str


Event = (
    CallEnded
    | SessionEnded
    | SessionTimeout
    | SessionTimeoutWarning
    | CallEndButtonPressed
    | UserJoined
    | UserLeft
    | UserListChanged
    | AudioModeChanged
    | CallSwitchedToVideo
    | UserMuted
    | VideoPaused
    | RecordingToggled
    | ConnectionLost
    | ConnectionRestored
    | ErrorRaised
)

METHODS: dict[type[Event], str] = {
    CallEnded: "on_call_ended",
    SessionEnded: "on_session_ended",
    SessionTimeout: "on_session_timeout",
    SessionTimeoutWarning: "on_session_timeout_warning",
    CallEndButtonPressed: "on_call_end_button_pressed",
    UserJoined: "on_user_joined",
    UserLeft: "on_user_left",
    UserListChanged: "on_user_list_changed",
    AudioModeChanged: "on_audio_mode_changed",
    CallSwitchedToVideo: "on_call_switched_to_video",
    UserMuted: "on_user_muted",
    VideoPaused: "on_video_paused",
    RecordingToggled: "on_recording_toggled",
    ConnectionLost: "on_connection_lost",
    ConnectionRestored: "on_connection_restored",
    ErrorRaised: "on_error",
}
"""The method of a listener that takes the event; its fields are the arguments, in order."""
