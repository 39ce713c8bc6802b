"""All that a call knows of itself at one moment."""

from dataclasses import dataclass, field
from enum import Enum

from device.session.settings import CallSettings
from device.session.table import LIVE, Phase
from device.session.values import AudioRoute, EndReason, MediaState, Participant
from hal import AudioDevice, AudioMode, Facing


class Link(Enum):
    """The media link to a peer."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


class Sound(Enum):
    """The microphone and the route, which are opened together."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"


class VideoWish(Enum):
    """What this unit will tell the exchange once its camera is open."""

    REQUEST = "request"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another participant."""

    participant: Participant
    state: MediaState
    we_offer: bool
    link: Link = Link.CONNECTING
    lost_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class SoundTrouble:
    """The last failure of sound, and how long to wait before the next attempt."""

    message: str
    failed_at_s: float
    wait_s: float

    @property
    def again_at_s(self) -> float:
        return self.failed_at_s + self.wait_s


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``wanted_*`` is what was last asked of a device; its twin without is what it confirmed."""

    phase: Phase = Phase.IDLE
    settings: CallSettings = field(default_factory=CallSettings)
    session_id: str = ""
    me: Participant | None = None
    grants: frozenset[str] = frozenset()
    peers: tuple[Peer, ...] = ()

    audio_only: bool = False
    """No camera of this unit takes part until a switch to video."""
    session_has_video: bool = False
    video_requested_by: str | None = None
    """Who waits for this unit's person to accept video."""
    video_wish: VideoWish | None = None

    state: MediaState = MediaState()
    """What the others were told of this unit."""
    sound: Sound = Sound.CLOSED
    muted: bool = False
    """Also while there is no sound to be heard, whatever is wanted."""
    wanted_muted: bool = False
    muted_by: str = ""
    camera_open: bool = False
    wanted_camera: bool = False
    camera_failed: bool = False
    """It was lost, or did not open, and has not opened since."""
    camera_due_at_s: float | None = None
    """When a lost camera is tried again."""
    camera_tries: int = 0
    """How often it has been, or is to be next."""
    facing: Facing = Facing.FRONT
    wanted_facing: Facing = Facing.FRONT
    facings: tuple[Facing, ...] = ()

    devices: tuple[AudioDevice, ...] = ()
    route: AudioMode | None = None
    wanted_route: AudioMode | None = None
    route_failed: bool = False
    """The route in use fell silent; it can be selected anew."""
    sound_trouble: SoundTrouble | None = None
    """Stays after it is over, so that the next one soon after goes on with it."""
    picked_route: AudioMode | None = None
    """What a person chose; it stays until that device goes away."""

    pip: bool = False
    recording_id: str | None = None
    exchange_lost_at_s: float | None = None
    warning_at_s: float | None = None
    idle_end_at_s: float | None = None
    was_larger: bool = False
    """More than two participants were in the session at once."""
    call_ended: bool = False
    ended_with_one: bool = False
    """This unit ended the session while exactly one other was in it."""
    end_reason: EndReason | None = None

    @property
    def is_live(self) -> bool:
        return self.phase in LIVE

    @property
    def is_without_sound(self) -> bool:
        """Nothing is heard or played, and no route is being taken. A microphone that is lost is a route
        that is: neither works without the other."""
        has_no_route = self.route is None and self.wanted_route is None
        return (
            self.route_failed
            or self.sound is Sound.CLOSED
            or (self.sound is Sound.OPEN and has_no_route)
        )

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody, self first."""
        own = () if self.me is None else (self.me,)
        return (*own, *(peer.participant for peer in self.peers))

    @property
    def routes(self) -> tuple[AudioRoute, ...]:
        return tuple(
            AudioRoute(device.mode, device.name, device.mode is self.route)
            for device in self.devices
        )

    def peer(self, uid: str) -> Peer | None:
        return next((peer for peer in self.peers if peer.participant.uid == uid), None)
