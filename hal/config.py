"""What hardware a unit has, as its configuration says. Values only; hal.select acts on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from hal.audio.routes import AlsaConfig
from hal.buttons.protocol import Button
from hal.camera.picture import PictureKind
from hal.camera.protocol import Facing
from hal.camera.settings import PicameraConfig, WebcamConfig
from hal.outputs.protocol import Lamp


class CameraBackend(Enum):
    PICAMERA = "picamera"
    WEBCAM = "webcam"
    SIMULATED = "simulated"


class AudioBackend(Enum):
    ALSA = "alsa"
    SIMULATED = "simulated"


class GpioBackend(Enum):
    """For buttons and for outputs."""

    GPIO = "gpio"
    SIMULATED = "simulated"
    DISABLED = "disabled"


class BoardBackend(Enum):
    LINUX = "linux"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True)
class Pins:
    """BCM numbers of the lines; a call button, lamp or relay that is None is not there."""

    end_call: int = 17
    mute: int = 27
    camera_switch: int = 22
    call: int | None = None
    lamp_in_call: int | None = None
    lamp_muted: int | None = None
    lamp_recording: int | None = None
    lamp_error: int | None = None
    door: int | None = None

    @property
    def buttons(self) -> Mapping[Button, int]:
        pins = {
            Button.END_CALL: self.end_call,
            Button.MUTE: self.mute,
            Button.CAMERA_SWITCH: self.camera_switch,
            Button.CALL: self.call,
        }
        return {button: pin for button, pin in pins.items() if pin is not None}

    @property
    def lamps(self) -> Mapping[Lamp, int]:
        pins = {
            Lamp.IN_CALL: self.lamp_in_call,
            Lamp.MUTED: self.lamp_muted,
            Lamp.RECORDING: self.lamp_recording,
            Lamp.ERROR: self.lamp_error,
        }
        return {lamp: pin for lamp, pin in pins.items() if pin is not None}


@dataclass(frozen=True, slots=True)
class HardwareConfig:
    """The table [hardware] of callbox.toml. What it does not name is a board's: nothing is simulated
    unless it is asked for.

    ``facings`` and ``picture``: the cameras of the simulated board, and what they see.
    ``microphone`` is for the simulated sound card: ``silence``, ``tone:440`` or the path of a 48 kHz
    mono WAV file. ``alsa``: the devices of the real one. ``door_maximum_s``: the longest that
    the door relay is held.
    """

    camera: CameraBackend = CameraBackend.PICAMERA
    audio: AudioBackend = AudioBackend.ALSA
    buttons: GpioBackend = GpioBackend.GPIO
    outputs: GpioBackend = GpioBackend.DISABLED
    board: BoardBackend = BoardBackend.LINUX
    picamera: PicameraConfig = PicameraConfig()
    webcam: WebcamConfig = WebcamConfig()
    facings: tuple[Facing, ...] = (Facing.FRONT, Facing.REAR)
    picture: PictureKind = PictureKind.CARD
    microphone: str = "silence"
    alsa: AlsaConfig = field(default_factory=AlsaConfig)
    pins: Pins = field(default_factory=Pins)
    debounce_s: float = 0.03
    hold_s: float = 1.0
    door_maximum_s: float = 10.0

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field, for what no board can do."""
        if not 0 < self.door_maximum_s <= 3600:
            raise ValueError("door_maximum_s must be over 0 and at most 3600")
        for name, value in (("debounce_s", self.debounce_s), ("hold_s", self.hold_s)):
            if not 0 <= value <= 60:
                raise ValueError(f"{name} must be from 0 to 60")
        self._check_pins()

    def _check_pins(self) -> None:
        """Two drivers, one for buttons and one for outputs, would each think the line its own."""
        used: dict[int, str] = {}
        for name, pin in self._pins_in_use():
            if pin < 0:
                raise ValueError(f"pins.{name} must be a BCM number, 0 or more, not {pin}")
            if pin in used:
                raise ValueError(f"pins.{name} and pins.{used[pin]} are both GPIO {pin}")
            used[pin] = name

    def _pins_in_use(self) -> Iterator[tuple[str, int]]:
        if self.buttons is not GpioBackend.DISABLED:
            yield from ((button.value, pin) for button, pin in self.pins.buttons.items())
        if self.outputs is not GpioBackend.DISABLED:
            yield from ((f"lamp_{lamp.value}", pin) for lamp, pin in self.pins.lamps.items())
            if self.pins.door is not None:
                yield "door", self.pins.door
