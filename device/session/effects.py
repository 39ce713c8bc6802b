"""What a step wants done in the world. The engine does it and reports the outcome as a fact."""

from dataclasses import dataclass
from enum import Enum

from device.session.ports import IceServer
from device.session.values import CallToken, MediaState, Signal
from hal import AudioMode, Facing


class TimerName(Enum):
    IDLE_WARNING = "idle_warning"
    IDLE_END = "idle_end"
    SOUND_AGAIN = "sound_again"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class JoinExchange:
    token: CallToken
    state: MediaState
    audio_only: bool


@dataclass(frozen=True, slots=True)
class PublishState:
    state: MediaState


@dataclass(frozen=True, slots=True)
class RequestVideo:
    pass


@dataclass(frozen=True, slots=True)
class AcceptVideo:
    pass


@dataclass(frozen=True, slots=True)
class SendSignal:
    signal: Signal


@dataclass(frozen=True, slots=True)
class OpenSound:
    """Always opened muted; an unmute follows, so that none can be overtaken by an opening."""

    mode: AudioMode


@dataclass(frozen=True, slots=True)
class SetMicrophone:
    muted: bool


@dataclass(frozen=True, slots=True)
class SelectRoute:
    """``picked_before``: what a person had chosen until now, for when this fails."""

    mode: AudioMode
    picked_before: AudioMode | None = None


@dataclass(frozen=True, slots=True)
class OpenCamera:
    """``again``: one that was lost; that this fails is nothing new."""

    facing: Facing
    again: bool = False


@dataclass(frozen=True, slots=True)
class CloseCamera:
    pass


@dataclass(frozen=True, slots=True)
class MoveCamera:
    facing: Facing


@dataclass(frozen=True, slots=True)
class UseIceServers:
    servers: tuple[IceServer, ...]


@dataclass(frozen=True, slots=True)
class ConnectPeer:
    uid: str
    offer: bool


@dataclass(frozen=True, slots=True)
class DeliverSignal:
    signal: Signal


@dataclass(frozen=True, slots=True)
class DisconnectPeer:
    uid: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """``at_s`` on the call's clock; None cancels."""

    name: TimerName
    at_s: float | None


@dataclass(frozen=True, slots=True)
class Release:
    """Leave and free everything."""


ExchangeEffect = JoinExchange | PublishState | RequestVideo | AcceptVideo | SendSignal
DeviceEffect = OpenSound | SetMicrophone | SelectRoute | OpenCamera | CloseCamera | MoveCamera
LinkEffect = UseIceServers | ConnectPeer | DeliverSignal | DisconnectPeer
Effect = ExchangeEffect | DeviceEffect | LinkEffect | SetTimer | Release


class Thing(Enum):
    """What effects of several kinds contend for; the last one asked of it is what is wanted."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    FACING = "facing"
    SOUND = "sound"
    VIDEO_CALL = "video call"


_THINGS: dict[type, Thing] = {
    SetMicrophone: Thing.MICROPHONE,
    OpenCamera: Thing.CAMERA,
    CloseCamera: Thing.CAMERA,
    MoveCamera: Thing.FACING,
    OpenSound: Thing.SOUND,
    SelectRoute: Thing.SOUND,
    RequestVideo: Thing.VIDEO_CALL,
    AcceptVideo: Thing.VIDEO_CALL,
}


def thing_of(effect: Effect) -> Thing | None:
    """None for an effect that stands for itself."""
    return _THINGS.get(type(effect))
