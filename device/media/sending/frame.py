"""What is sent: an access unit, or a piece of voice, cut to RTP payloads once for all peers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaFrame:
    """``timestamp`` in units of the RTP clock, from a start of its own; ``captured_s`` and ``ready_s``
    (encoded and here) on the clock of time.monotonic. The last payload gets the marker."""

    payloads: tuple[bytes, ...]
    timestamp: int
    captured_s: float
    ready_s: float
    is_keyframe: bool = False

    @property
    def size(self) -> int:
        """Bytes, without headers."""
        return sum(map(len, self.payloads))
