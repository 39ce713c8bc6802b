"""What hardware a unit has, as its configuration says. Values only; hal.select acts on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hal.buttons.protocol import Button
from hal.outputs.protocol import Lamp


class CameraBackend(Enum):
    SIMULATED = "simulated"


class AudioBackend(Enum):
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
    """BCM numbers of the lines; a lamp or relay that is None is not there."""

    end_call: int = 17
    mute: int = 27
    camera_switch: int = 22
    lamp_in_call: int | None = None
    lamp_muted: int | None = None
    lamp_recording: int | None = None
    lamp_error: int | None = None
    door: int | None = None

    @property
    def buttons(self) -> Mapping[Button, int]:
        return {
            Button.END_CALL: self.end_call,
            Button.MUTE: self.mute,
            Button.CAMERA_SWITCH: self.camera_switch,
        }

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
    """The table [hardware] of callbox.toml. ``microphone`` is for the simulated sound card:
    ``silence``, ``tone:440`` or the path of a 48 kHz mono WAV file."""

    camera: CameraBackend = CameraBackend.SIMULATED
    audio: AudioBackend = AudioBackend.SIMULATED
    buttons: GpioBackend = GpioBackend.GPIO
    outputs: GpioBackend = GpioBackend.DISABLED
    board: BoardBackend = BoardBackend.LINUX
    microphone: str = "silence"
    pins: Pins = field(default_factory=Pins)
    debounce_s: float = 0.03
    hold_s: float = 1.0
    door_maximum_s: float = 10.0
