"""What senders say of their clocks, and receivers of what came (RFC 3550 section 6.4)."""

from collections.abc import Callable
from typing import Any

from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtcpSrPacket

from device.media.picture.sync import SenderReport

MAX_JITTER = 2**32 - 1
"""What a report has room for."""

_stock_jitter: Callable[[Any], int] = StreamStatistics.jitter.fget  # type: ignore[attr-defined]


def install() -> None:
    """Set it up for this process. Idempotent."""
    StreamStatistics.jitter = property(_jitter)  # type: ignore[method-assign,assignment]


def listen(receiver: Any, take: Callable[[SenderReport], None]) -> None:
    """Give each sender report of a receiver's stream to ``take``, in the event loop.

    One from before the first packet says nothing of the stream: aiortc sends zeros for both times then.
    """
    stock = receiver._handle_rtcp_packet

    async def heard(packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            if info.packet_count and info.ntp_timestamp:
                take(SenderReport(info.ntp_timestamp / 2**32, info.rtp_timestamp))
        await stock(packet)

    receiver._handle_rtcp_packet = heard


def _jitter(statistics: StreamStatistics) -> int:
    """aiortc measures it by the system's clock. Where that is set by many days, as on a board that has
    none of its own, the number does not fit, and no report would be sent any more."""
    return min(_stock_jitter(statistics), MAX_JITTER)
