"""What became of a voice."""

from dataclasses import dataclass


@dataclass(slots=True)
class VoiceCounts:
    """Since the start. ``delay_s``: how long the sound played now has waited since the fastest packet
    could have brought it."""

    packets: int = 0
    late_packets: int = 0
    played_samples: int = 0
    concealed_samples: int = 0
    recovered_samples: int = 0
    """Lost, and taken from the packet after it."""
    left_out_samples: int = 0
    repeated_samples: int = 0
    delay_s: float = 0.0
    target_s: float = 0.0
