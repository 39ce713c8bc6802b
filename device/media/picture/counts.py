"""What became of a peer's pictures, and what was asked for."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class PictureCounts:
    """``received`` whole; ``decoded``; ``dropped``, as something was missing, or the decoder behind.
    ``freezes`` as in webrtc-stats (freezeCount), and the time they took together."""

    received: int = 0
    decoded: int = 0
    dropped: int = 0
    freezes: int = 0
    frozen_s: float = 0.0
    packets_asked: int = 0
    """Lost and asked for, each counted once."""
    keyframes_asked: int = 0
    """By this unit, of the peer."""
    decoder_given: int = 0
    decoder_taken: int = 0
    """Put before the decoder, and begun by it. Given more and more and taking none, it hangs."""

    def __add__(self, other: "PictureCounts") -> "PictureCounts":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return PictureCounts(*(one + another for one, another in pairs))
