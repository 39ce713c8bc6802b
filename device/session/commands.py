"""What a person or a program asks of a call. Imperative; each is an input of ``step``."""

from dataclasses import dataclass

from device.session.settings import CallSettings
from device.session.values import CallToken
from hal import AudioDevice, AudioMode, Facing


@dataclass(frozen=True, slots=True)
class Start:
    """Join with a token. ``devices`` and ``facings``: what is connected right now."""

    token: CallToken
    settings: CallSettings
    devices: tuple[AudioDevice, ...]
    facings: tuple[Facing, ...]


@dataclass(frozen=True, slots=True)
class SwitchCamera:
    pass


@dataclass(frozen=True, slots=True)
class MuteAudio:
    muted: bool


@dataclass(frozen=True, slots=True)
class PauseVideo:
    paused: bool


@dataclass(frozen=True, slots=True)
class SetAudioMode:
    mode: AudioMode


@dataclass(frozen=True, slots=True)
class EnterPipMode:
    pass


@dataclass(frozen=True, slots=True)
class ExitPipMode:
    pass


@dataclass(frozen=True, slots=True)
class SwitchToVideoCall:
    pass


@dataclass(frozen=True, slots=True)
class AcceptVideoCall:
    """Agree to another's switch to video: opens this unit's camera."""


@dataclass(frozen=True, slots=True)
class StartRecording:
    pass


@dataclass(frozen=True, slots=True)
class StopRecording:
    pass


@dataclass(frozen=True, slots=True)
class EndSession:
    pass


@dataclass(frozen=True, slots=True)
class Stay:
    """Answer to the idle warning."""


Command = (
    SwitchCamera
    | MuteAudio
    | PauseVideo
    | SetAudioMode
    | EnterPipMode
    | ExitPipMode
    | SwitchToVideoCall
    | AcceptVideoCall
    | StartRecording
    | StopRecording
    | EndSession
    | Stay
)
