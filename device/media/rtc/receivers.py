"""Takes packets out of aiortc's receivers before its own jitter buffer gets them.

Everything before that place stays aiortc's: the check of the payload type, receiver reports, statistics,
bandwidth estimates and the unwrapping of retransmissions. Its decoding thread gets nothing to do.
"""

from collections.abc import Callable
from typing import Any

from aiortc.rtp import RtpPacket

TakePacket = Callable[[RtpPacket], None]


class _Outlet:
    """In the place of aiortc's JitterBuffer."""

    def __init__(self, take: TakePacket) -> None:
        self._take = take

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """No keyframe is asked for, and no frame is complete."""
        self._take(packet)
        return False, None


def divert(receiver: Any, take: TakePacket) -> None:
    """Give each packet of a receiver to ``take``, in the event loop, as soon as it has come."""
    receiver._RTCRtpReceiver__jitter_buffer = _Outlet(take)
