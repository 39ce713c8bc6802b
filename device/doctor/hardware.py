"""All the hardware of a unit, part by part: in the process that has it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from device.control.readings import Check
from device.doctor import camera, sound
from device.doctor.board import check_board
from device.doctor.contacts import check_buttons, check_outputs
from hal import AudioRouter, Board, Buttons, Camera, Outputs, VideoFormat
from hal.config import HardwareConfig


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


async def check_hardware(parts: Parts, frames_in_call: Callable[[], int] | None) -> list[Check]:
    """``frames_in_call``: how many pictures the call that is on has had; None: no call is on, and none
    begins until this returns."""
    if frames_in_call is None:
        seen = await camera.check_cameras(parts.camera, parts.video)
        heard = await sound.check_sound(parts.audio)
    else:
        seen = await camera.check_in_call(parts.camera, frames_in_call)
        heard = sound.check_in_call(parts.audio)
    return [
        *seen,
        *heard,
        await asyncio.to_thread(check_buttons, parts.buttons, parts.config, parts.is_claimed),
        await asyncio.to_thread(check_outputs, parts.outputs, parts.config, parts.is_claimed),
        *check_board(parts.board.read()),
    ]
