"""All the hardware of a unit, part by part: in the process that has it."""

from collections.abc import Callable
from dataclasses import dataclass

from device.config import Config
from device.control.readings import Check
from device.doctor import camera, sound
from device.doctor.board import check_board
from device.doctor.contacts import check_buttons, check_outputs
from device.doctor.threads import to_its_end
from hal import AudioRouter, Board, Buttons, Camera, Outputs, VideoFormat
from hal.config import AudioBackend, HardwareConfig
from hal.hardware import Hardware


@dataclass(frozen=True, slots=True)
class Parts:
    """``is_claimed``: buttons and outputs are open in this process."""

    camera: Camera
    audio: AudioRouter
    buttons: Buttons
    outputs: Outputs
    board: Board
    config: HardwareConfig
    video: VideoFormat
    is_claimed: bool


def parts_of(hardware: Hardware, config: Config, is_claimed: bool) -> Parts:
    return Parts(
        hardware.camera,
        hardware.audio,
        hardware.buttons,
        hardware.outputs,
        hardware.board,
        config.hardware,
        config.video,
        is_claimed,
    )


@dataclass(frozen=True, slots=True)
class InCall:
    """What the call that is on says of its hardware. ``frames``: how many pictures it has had."""

    frames: Callable[[], int]
    camera_failed: bool
    is_without_sound: bool


async def check_hardware(parts: Parts, call: InCall | None) -> list[Check]:
    """``call`` None: none is on, and none begins until this returns."""
    if call is None:
        seen = await camera.check_cameras(parts.camera, parts.video)
        is_silence = parts.config.audio is AudioBackend.SIMULATED and (
            parts.config.microphone == "silence"
        )
        heard = await sound.check_sound(parts.audio, is_silence)
    else:
        seen = await camera.check_in_call(parts.camera, call.frames, call.camera_failed)
        heard = await sound.check_in_call(parts.audio, call.is_without_sound)
    return [
        *seen,
        *heard,
        await to_its_end(check_buttons, parts.buttons, parts.config, parts.is_claimed),
        await to_its_end(check_outputs, parts.outputs, parts.config, parts.is_claimed),
        *check_board(parts.board.read()),
    ]
