"""From the configuration to the hardware: each back-end by its name, none by guessing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from hal.audio.protocol import AudioRouter
from hal.audio.sources import CaptureSource, SilenceSource, ToneSource, WavSource
from hal.board import Board, LinuxBoard, SimulatedBoard
from hal.buttons.protocol import Button, Buttons
from hal.camera.protocol import Camera
from hal.outputs.protocol import Lamp, Outputs


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


@dataclass(frozen=True, slots=True)
class Hardware:
    """All that a unit has. Nothing is open yet."""

    camera: Camera
    audio: AudioRouter
    buttons: Buttons
    outputs: Outputs
    board: Board


def hardware_from(config: HardwareConfig) -> Hardware:
    """Choose the back-ends. Raises UnknownBackend, AudioUnavailable (the WAV file)."""
    return Hardware(
        camera=_camera(),
        audio=_audio(config),
        buttons=_buttons(config),
        outputs=_outputs(config),
        board=_board(config),
    )


def _camera() -> Camera:
    from hal.camera.simulated import SimulatedCamera

    return SimulatedCamera()


def _audio(config: HardwareConfig) -> AudioRouter:
    from hal.audio.simulated import SimulatedAudioRouter

    return SimulatedAudioRouter(_source(config.microphone))


def _source(microphone: str) -> CaptureSource:
    kind, _, value = microphone.partition(":")
    if microphone == "silence":
        return SilenceSource()
    if kind == "tone" and value.isdigit() and 20 <= int(value) <= 20_000:
        return ToneSource(int(value))
    return WavSource(Path(microphone))


def _buttons(config: HardwareConfig) -> Buttons:
    from hal.buttons.gpio import ButtonTiming, GpioButtons

    timing = ButtonTiming(debounce_s=config.debounce_s, hold_s=config.hold_s)
    if config.buttons is GpioBackend.GPIO:
        return GpioButtons(config.pins.buttons, timing=timing)
    if config.buttons is GpioBackend.SIMULATED:
        from hal.buttons.simulated import SimulatedButtons

        return SimulatedButtons(config.pins.buttons, timing)
    from hal.buttons.disabled import DisabledButtons

    return DisabledButtons()


def _outputs(config: HardwareConfig) -> Outputs:
    from hal.outputs.gpio import GpioOutputs, OutputPins

    pins = OutputPins(config.pins.lamps, config.pins.door, config.door_maximum_s)
    if config.outputs is GpioBackend.GPIO:
        return GpioOutputs(pins)
    if config.outputs is GpioBackend.SIMULATED:
        from hal.outputs.simulated import SimulatedOutputs

        return SimulatedOutputs(pins)
    from hal.outputs.disabled import DisabledOutputs

    return DisabledOutputs()


def _board(config: HardwareConfig) -> Board:
    return LinuxBoard() if config.board is BoardBackend.LINUX else SimulatedBoard()
