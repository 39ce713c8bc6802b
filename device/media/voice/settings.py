"""What is done to the microphone's sound on each route."""

from dataclasses import dataclass

from hal import AudioMode


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """``high_pass``: takes away rumble below 100 Hz."""

    echo_cancelling: bool
    noise_suppression: bool
    gain_control: bool
    high_pass: bool


HANDS_FREE = VoiceSettings(True, True, True, True)
"""People stand at any distance, and the loudspeaker is next to the microphone."""
AT_THE_EAR = VoiceSettings(True, True, False, True)
"""A handset: its echo is faint but there; the mouth is always as near."""
HEADSET = VoiceSettings(False, False, False, True)
"""No echo, and Bluetooth headsets clean what they capture themselves."""

BY_ROUTE = {
    AudioMode.SPEAKER: HANDS_FREE,
    AudioMode.EARPIECE: AT_THE_EAR,
    AudioMode.HEADPHONES: HEADSET,
    AudioMode.BLUETOOTH: HEADSET,
}
