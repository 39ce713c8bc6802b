"""What a unit says of itself over the control socket: values only, each readable as JSON.

Counters run from the start of the call, so that whoever wants a rate takes the difference of two.
"""

from enum import Enum
from typing import Any

from msgspec import Struct

from device.phone.table import Phase as PhonePhase
from device.phone.values import PhoneCall
from device.session.snapshot import Link
from device.session.table import Phase
from hal import AudioMode, Button, Edge, Facing


class RouteReading(Struct, frozen=True):
    mode: AudioMode
    name: str
    is_selected: bool


class PeerReading(Struct, frozen=True):
    """Another participant, as the others see them."""

    uid: str
    name: str
    link: Link
    is_muted: bool
    is_paused: bool


class CallReading(Struct, frozen=True):
    """The call that is on. ``camera`` is None while it is closed, ``camera_failed`` where that is
    because it was lost; ``route`` is None while there is no sound; ``idle_s`` is what is left until a
    session with nobody else in it ends."""

    session: str
    phase: Phase
    is_audio_only: bool
    is_muted: bool
    camera: Facing | None
    facings: tuple[Facing, ...]
    route: AudioMode | None
    routes: tuple[RouteReading, ...]
    is_pip: bool
    is_recording: bool
    idle_s: float | None
    video_requested_by: str | None
    peers: tuple[PeerReading, ...]
    camera_failed: bool = False


class StageReading(Struct, frozen=True):
    """How long a stage of the media takes; see device.media.stages for what each is."""

    stage: str
    count: int
    p50_s: float
    p95_s: float
    max_s: float


class ReceivedReading(Struct, frozen=True):
    """A stream that comes in, over about the last second; None: nothing reported yet."""

    bps: float
    jitter_s: float | None
    loss_fraction: float | None
    lost_packets: int | None


class PeerTraffic(Struct, frozen=True):
    """What goes to a peer and comes from them. Rates are of the last second, over the present link."""

    uid: str
    video_sent_bps: float
    voice_sent_bps: float
    video_octets_sent: int
    voice_octets_sent: int
    loss_fraction: float
    """Of the video sent, by the peer's last report."""
    round_trip_s: float | None
    takes_bps: float | None
    """What the network to the peer takes."""
    video: ReceivedReading
    voice: ReceivedReading
    pictures_received: int
    pictures_dropped: int
    freezes: int
    voice_samples_played: int
    voice_samples_concealed: int
    voice_delay_s: float
    """How long the voice played now has waited."""
    links: int


class SoundReading(Struct, frozen=True):
    """In this call: how often the loudspeaker ran empty, how often captured sound was not fetched in
    time, and how many blocks of it (10 ms) were dropped because they were too old."""

    underruns: int
    overruns: int
    dropped_blocks: int


class MediaReading(Struct, frozen=True):
    frames_encoded: int
    video_bps: float
    target_bps: int
    frame_rate_hz: int
    keyframes: int
    sound: SoundReading
    stages: tuple[StageReading, ...]
    peers: tuple[PeerTraffic, ...]


class BoardReading(Struct, frozen=True):
    """As hal.BoardStatus; None where the board does not say."""

    model: str
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    temperature_c: float | None
    throttled_bits: int | None


class ProcessReading(Struct, frozen=True):
    """The unit's process. ``cpu_s``: processor time used so far, over all cores."""

    pid: int
    uptime_s: float
    cpu_s: float
    memory_bytes: int


class PhoneReading(Struct, frozen=True):
    """``ringing``: who rings this unit, the oldest first. ``call``: the one that it makes or is in.
    ``is_line_up``: the exchange can be reached."""

    phase: PhonePhase
    is_line_up: bool
    do_not_disturb: bool
    ringing: tuple[PhoneCall, ...]
    call: PhoneCall | None


class UnitReading(Struct, frozen=True):
    """``session``: what the unit joins, or is in; empty: none. ``last_word``: what it last told a
    person. ``phone``: None of a unit of an older version."""

    version: str
    session: str
    exchange: str
    last_word: str
    call: CallReading | None
    media: MediaReading | None
    board: BoardReading
    process: ProcessReading
    phone: PhoneReading | None = None


class Happening(Struct, frozen=True):
    """An event of a call by its name without ``on_``, or of the phone; when it was told (Unix time), and
    its fields."""

    event: str
    at_s: float
    details: dict[str, Any]


class StillReading(Struct, frozen=True):
    """A still picture. ``jpeg`` is base64 in JSON."""

    facing: Facing
    jpeg: bytes


class ButtonReading(Struct, frozen=True):
    button: Button
    edge: Edge
    at_s: float


class DoorReading(Struct, frozen=True):
    """The door relay was switched on, for so long from now."""

    open_s: float


class SoundLevel(Struct, frozen=True, tag="level", tag_field="what"):
    """What the microphone hears while a route is tested; None where it has none."""

    mode: AudioMode
    level_dbfs: float | None


class SoundResult(Struct, frozen=True, tag="result", tag_field="what"):
    """What came of a tone on a route. ``failure``: why it could not be played. ``echo_db``: the tone in
    the microphone against the tone played; None: not heard."""

    mode: AudioMode
    name: str
    tone_hz: int
    failure: str
    has_microphone: bool
    rest_dbfs: float | None
    echo_db: float | None
    delay_s: float | None


SoundNews = SoundLevel | SoundResult


class Verdict(Enum):
    """WARNING: it works, and a person ought to know. SKIPPED: not there, by the configuration, or
    not to be looked at now."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Check(Struct, frozen=True):
    """What was found of one part, and what to do about it."""

    part: str
    verdict: Verdict
    seen: str
    remedy: str = ""
