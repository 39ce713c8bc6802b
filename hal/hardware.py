"""What a unit has, by its protocols."""

from dataclasses import dataclass

from hal.audio.protocol import AudioRouter
from hal.board import Board
from hal.buttons.protocol import Buttons
from hal.camera.protocol import Camera
from hal.outputs.protocol import Outputs


@dataclass(frozen=True, slots=True)
class Hardware:
    """All that a unit has. Nothing is open yet."""

    camera: Camera
    audio: AudioRouter
    buttons: Buttons
    outputs: Outputs
    board: Board
