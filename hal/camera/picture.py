"""What the simulated cameras can look at."""

from enum import Enum


class PictureKind(Enum):
    """What is before a simulated camera's lens.

    CARD is easy: about 170 kb/s at 720p, whatever the bitrate asked for. BUSY has moving grain, as a
    dark street has, and fills 2 Mb/s; a coarse quantiser takes the grain away, so it also fits 150 kb/s.
    """

    CARD = "card"
    BUSY = "busy"
