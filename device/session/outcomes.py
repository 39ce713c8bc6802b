"""What became of an effect. Past tense; each is an input of ``step``."""

from dataclasses import dataclass

from device.session.effects import Effect, TimerName
from device.session.ports import JoinedSession
from hal import AudioMode, Facing


@dataclass(frozen=True, slots=True)
class Joined:
    session: JoinedSession


@dataclass(frozen=True, slots=True)
class SoundOpened:
    mode: AudioMode


@dataclass(frozen=True, slots=True)
class MicrophoneSet:
    muted: bool


@dataclass(frozen=True, slots=True)
class RouteSelected:
    mode: AudioMode


@dataclass(frozen=True, slots=True)
class CameraOpened:
    facing: Facing


@dataclass(frozen=True, slots=True)
class CameraClosed:
    pass


@dataclass(frozen=True, slots=True)
class CameraMoved:
    facing: Facing


@dataclass(frozen=True, slots=True)
class VideoCallAgreed:
    """The exchange has taken this unit's wish for, or consent to, a video call."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: TimerName


@dataclass(frozen=True, slots=True)
class Released:
    pass


@dataclass(frozen=True, slots=True)
class EffectFailed:
    """``awaited``: somebody gets the error raised, so it is not an event as well. ``superseded``: a
    later effect on the same thing is under way, and what it is to be is that one's to say."""

    effect: Effect
    code: str
    message: str
    awaited: bool
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class EngineBroke:
    """A defect in this program; the call is ended rather than left in an unknown state."""

    message: str


Outcome = (
    Joined
    | SoundOpened
    | MicrophoneSet
    | RouteSelected
    | CameraOpened
    | CameraClosed
    | CameraMoved
    | VideoCallAgreed
    | TimerFired
    | Released
    | EffectFailed
    | EngineBroke
)
