"""From the configuration to the hardware: each back-end by its name, none by guessing."""

from enum import Enum
from pathlib import Path

from hal.audio.protocol import AudioRouter
from hal.audio.sources import CaptureSource, SilenceSource, ToneSource, WavSource
from hal.board import Board, LinuxBoard, SimulatedBoard
from hal.buttons.protocol import Buttons
from hal.camera.protocol import Camera
from hal.config import AudioBackend, BoardBackend, CameraBackend, GpioBackend, HardwareConfig
from hal.errors import AudioFault, AudioUnavailable, UnknownBackend
from hal.hardware import Hardware
from hal.outputs.protocol import Outputs


def hardware_from(config: HardwareConfig) -> Hardware:
    """Choose the back-ends. Raises UnknownBackend, also for one whose library is not installed, and
    AudioUnavailable for a microphone (tone, WAV file) that cannot be. lgpio is looked for only when
    buttons or outputs open."""
    return Hardware(
        camera=_camera(config),
        audio=_audio(config),
        buttons=_buttons(config),
        outputs=_outputs(config),
        board=_board(config),
    )


def _camera(config: HardwareConfig) -> Camera:
    if config.camera is CameraBackend.PICAMERA:
        return _picamera(config)
    if config.camera is CameraBackend.WEBCAM:
        return _webcam(config)
    if config.camera is CameraBackend.SIMULATED:
        from hal.camera.simulated import SimulatedCamera, SimulatedSensors

        return SimulatedCamera(SimulatedSensors(config.facings), picture=config.picture)
    raise _unknown("camera", config.camera, CameraBackend)


def _picamera(config: HardwareConfig) -> Camera:
    try:
        from hal.camera.picamera import PicameraCamera
    except ImportError as error:
        raise UnknownBackend(
            f"[hardware] camera = 'picamera' needs picamera2 ({error}). On a Raspberry Pi, "
            "scripts/install brings it. Elsewhere, set camera to 'webcam' or 'simulated'."
        ) from error
    return PicameraCamera(config.picamera, _board(config).read().model)


def _webcam(config: HardwareConfig) -> Camera:
    try:
        from hal.camera.webcam import WebcamCamera
    except ImportError as error:
        raise UnknownBackend(
            f"[hardware] camera = 'webcam' needs videodev2 ({error}). In callbox's folder: "
            ".venv/bin/pip install -e '.[pi]'."
        ) from error
    return WebcamCamera(config.webcam)


def _audio(config: HardwareConfig) -> AudioRouter:
    if config.audio is AudioBackend.ALSA:
        from hal.audio.alsa import AlsaAudioRouter

        return AlsaAudioRouter(config.alsa)
    if config.audio is AudioBackend.SIMULATED:
        from hal.audio.simulated import SimulatedAudioRouter

        return SimulatedAudioRouter(_source(config.microphone))
    raise _unknown("audio", config.audio, AudioBackend)


def _source(microphone: str) -> CaptureSource:
    kind, _, value = microphone.partition(":")
    if microphone == "silence":
        return SilenceSource()
    if kind == "tone":
        if not (value.isdecimal() and 20 <= int(value) <= 20_000):
            raise AudioUnavailable(
                AudioFault.FAILED,
                f"microphone = '{microphone}': a tone is 'tone:' and 20 to 20000, in Hz.",
            )
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
    if config.buttons is GpioBackend.DISABLED:
        from hal.buttons.disabled import DisabledButtons

        return DisabledButtons()
    raise _unknown("buttons", config.buttons, GpioBackend)


def _outputs(config: HardwareConfig) -> Outputs:
    from hal.outputs.gpio import GpioOutputs, OutputPins

    pins = OutputPins(config.pins.lamps, config.pins.door, config.door_maximum_s)
    if config.outputs is GpioBackend.GPIO:
        return GpioOutputs(pins)
    if config.outputs is GpioBackend.SIMULATED:
        from hal.outputs.simulated import SimulatedOutputs

        return SimulatedOutputs(pins)
    if config.outputs is GpioBackend.DISABLED:
        from hal.outputs.disabled import DisabledOutputs

        return DisabledOutputs()
    raise _unknown("outputs", config.outputs, GpioBackend)


def _board(config: HardwareConfig) -> Board:
    if config.board is BoardBackend.LINUX:
        return LinuxBoard()
    if config.board is BoardBackend.SIMULATED:
        return SimulatedBoard()
    raise _unknown("board", config.board, BoardBackend)


def _unknown(field: str, value: object, kinds: type[Enum]) -> UnknownBackend:
    names = ", ".join(str(kind.value) for kind in kinds)
    return UnknownBackend(
        f"[hardware] {field} = {getattr(value, 'value', value)!r}: there is no such back-end in "
        f"this version; set it to one of: {names}."
    )
