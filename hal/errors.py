"""What can be wrong with the hardware.

    HalError
    ├── CameraUnavailable      reason: CameraFault
    ├── AudioUnavailable       reason: AudioFault
    ├── BluetoothUnavailable
    ├── ButtonsUnavailable
    ├── OutputsUnavailable
    └── UnknownBackend

Each message says what a person can do about it; ``reason`` is for programs.
"""

from enum import Enum


class HalError(Exception):
    """Hardware that is missing, busy or broken. ``code`` is stable across releases."""

    code = "hardware_error"


class CameraFault(Enum):
    """Why a camera cannot be used."""

    ABSENT = "absent"
    BUSY = "busy"
    DISCONNECTED = "disconnected"
    ONLY_ONE = "only_one"
    SILENT = "silent"
    FAILED = "failed"


class CameraUnavailable(HalError):
    """The camera asked for cannot deliver pictures."""

    code = "camera_unavailable"

    def __init__(self, reason: CameraFault, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class AudioFault(Enum):
    """Why a route or the microphone cannot be used."""

    ABSENT = "absent"
    BUSY = "busy"
    DISCONNECTED = "disconnected"
    FAILED = "failed"


class AudioUnavailable(HalError):
    """A playback route or the microphone cannot be used."""

    code = "audio_unavailable"

    def __init__(self, reason: AudioFault, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class BluetoothUnavailable(HalError):
    """A headset cannot be found, paired or connected."""

    code = "bluetooth_unavailable"


class ButtonsUnavailable(HalError):
    """The GPIO lines of the buttons cannot be claimed."""

    code = "buttons_unavailable"


class OutputsUnavailable(HalError):
    """The GPIO line of a lamp or the door relay cannot be claimed."""

    code = "outputs_unavailable"


class UnknownBackend(HalError):
    """The configuration names a back-end that does not exist or is not installed."""

    code = "unknown_backend"
