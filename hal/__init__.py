"""What the board can do: cameras, sound, buttons, outputs. Knows nothing of calls."""

from hal.audio.protocol import (
    BLOCK_BYTES,
    BLOCK_S,
    BLOCK_SAMPLES,
    SAMPLE_RATE_HZ,
    AudioDevice,
    AudioMode,
    AudioRouter,
    SoundCounters,
)
from hal.board import Board, BoardStatus, Throttling
from hal.buttons.protocol import Button, ButtonEdge, Buttons, Edge
from hal.camera.protocol import Camera, EncodedFrame, Facing, VideoFormat
from hal.errors import (
    AudioFault,
    AudioUnavailable,
    BluetoothUnavailable,
    ButtonsUnavailable,
    CameraFault,
    CameraUnavailable,
    HalError,
    OutputsUnavailable,
    UnknownBackend,
)
from hal.outputs.protocol import Lamp, Outputs

__all__ = [
    "BLOCK_BYTES",
    "BLOCK_S",
    "BLOCK_SAMPLES",
    "SAMPLE_RATE_HZ",
    "AudioDevice",
    "AudioFault",
    "AudioMode",
    "AudioRouter",
    "AudioUnavailable",
    "BluetoothUnavailable",
    "Board",
    "BoardStatus",
    "Button",
    "ButtonEdge",
    "Buttons",
    "ButtonsUnavailable",
    "Camera",
    "CameraFault",
    "CameraUnavailable",
    "Edge",
    "EncodedFrame",
    "Facing",
    "HalError",
    "Lamp",
    "Outputs",
    "OutputsUnavailable",
    "SoundCounters",
    "Throttling",
    "UnknownBackend",
    "VideoFormat",
]
