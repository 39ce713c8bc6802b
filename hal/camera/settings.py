"""How the cameras of a board are mounted, expose and encode: the tables [hardware.picamera] and
[hardware.webcam] of callbox.toml."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from hal.camera.protocol import VideoFormat
from hal.errors import CameraFault, CameraUnavailable


class EncoderChoice(Enum):
    """Who makes H.264 of the pictures. ``BOARD``: the codec block, up to the Raspberry Pi 4.
    ``SOFTWARE``: x264. ``AUTO``: as the board's model says."""

    AUTO = "auto"
    BOARD = "board"
    SOFTWARE = "software"


class Exposure(Enum):
    """Which of two evils in the dark: noise (``SHORT``) or blur (``LONG``)."""

    NORMAL = "normal"
    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """One camera on the board's connectors.

    ``id``: libcamera's Id or a part of it that no other has; empty: told by location, then by order.
    ``rotation_deg``: how the picture is turned, 0 or 180. ``mirror``: left becomes right.
    ``exposure_compensation_ev``: brighter or darker. ``night_frame_rate_hz``: in the dark a picture may
    take so long that there are only so many a second. ``mains_hz``: lamps flicker with 50 or 60 Hz;
    0 out of doors.
    """

    id: str = ""
    rotation_deg: int = 0
    mirror: bool = False
    exposure: Exposure = Exposure.NORMAL
    exposure_compensation_ev: float = 0.0
    night_frame_rate_hz: int = 10
    mains_hz: int = 50

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, for what no sensor can do."""
        if self.rotation_deg not in (0, 180):
            raise ValueError("rotation_deg must be 0 or 180: sensors turn no picture on its side")
        if not -8 <= self.exposure_compensation_ev <= 8:
            raise ValueError("exposure_compensation_ev must be from -8 to 8")
        if not 5 <= self.night_frame_rate_hz <= 60:
            raise ValueError("night_frame_rate_hz must be from 5 to 60")
        if self.mains_hz not in (0, 50, 60):
            raise ValueError("mains_hz must be 0, 50 or 60")

    @property
    def hflip(self) -> bool:
        return (self.rotation_deg == 180) != self.mirror

    @property
    def vflip(self) -> bool:
        return self.rotation_deg == 180


@dataclass(frozen=True, slots=True)
class PicameraConfig:
    """The table [hardware.picamera], with [hardware.picamera.front] and [.rear]."""

    encoder: EncoderChoice = EncoderChoice.AUTO
    front: SensorSettings = SensorSettings()
    rear: SensorSettings = SensorSettings()


@dataclass(frozen=True, slots=True)
class WebcamConfig:
    """The table [hardware.webcam].

    ``front``, ``rear``: a part of the model's name or of the USB port that no other camera has; empty:
    by order. ``pass_h264_through``: take a camera's own H.264, which saves the processor x264. Its
    price: nobody can ask it for a keyframe, so who joins, or has lost a packet, sees nothing until it
    makes one by itself; and its bitrate stays, however little the network takes.
    """

    front: str = ""
    rear: str = ""
    pass_h264_through: bool = False


_WITHOUT_CODEC_BLOCK = ("Raspberry Pi 5", "Raspberry Pi Compute Module 5")
"""Model names begin so in /proc/device-tree/model; the 500 is a 5."""


def encoder_for(choice: EncoderChoice, model: str) -> EncoderChoice:
    """BOARD or SOFTWARE: as chosen, else by the board's model. What is no Raspberry Pi has no block."""
    if choice is not EncoderChoice.AUTO:
        return choice
    if not model.startswith("Raspberry Pi") or model.startswith(_WITHOUT_CODEC_BLOCK):
        return EncoderChoice.SOFTWARE
    return EncoderChoice.BOARD


_EXPOSURE_MODES = {Exposure.NORMAL: 0, Exposure.SHORT: 1, Exposure.LONG: 2}
_FLICKER_MANUAL = 1


def controls_for(
    settings: SensorSettings, video: VideoFormat, offered: Collection[str]
) -> dict[str, object]:
    """libcamera's controls (control_ids_core.yaml) for these settings, of those that are offered.

    A default that a sensor does not offer is left out; a setting that a person made is not. Raises
    CameraUnavailable then.
    """
    default = SensorSettings()
    slowest_hz = min(settings.night_frame_rate_hz, video.frame_rate_hz)
    durations_us = (1_000_000 // video.frame_rate_hz, 1_000_000 // slowest_hz)
    wanted: list[tuple[str, str, object]] = [
        ("night_frame_rate_hz", "FrameDurationLimits", durations_us),
        ("exposure", "AeExposureMode", _EXPOSURE_MODES[settings.exposure]),
        ("exposure_compensation_ev", "ExposureValue", settings.exposure_compensation_ev),
    ]
    if settings.mains_hz:
        wanted += [
            ("mains_hz", "AeFlickerMode", _FLICKER_MANUAL),
            ("mains_hz", "AeFlickerPeriod", 1_000_000 // (2 * settings.mains_hz)),
        ]
    for field, control, _ in wanted:
        if control not in offered and getattr(settings, field) != getattr(default, field):
            raise CameraUnavailable(
                CameraFault.FAILED,
                f"This camera has no {control}. Remove {field} from [hardware.picamera].",
            )
    return {control: value for _, control, value in wanted if control in offered}
