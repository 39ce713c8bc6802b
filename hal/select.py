"""From the configuration to the hardware: each back-end by its name, none by guessing."""

from dataclasses import dataclass
from pathlib import Path

from hal.audio.protocol import AudioRouter
from hal.audio.sources import CaptureSource, SilenceSource, ToneSource, WavSource
from hal.board import Board, LinuxBoard, SimulatedBoard
from hal.buttons.protocol import Buttons
from hal.camera.protocol import Camera
from hal.config import BoardBackend, GpioBackend, HardwareConfig
from hal.outputs.protocol import Outputs


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
