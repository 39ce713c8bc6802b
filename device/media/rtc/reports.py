"""Hears what senders say of their clocks (sender reports, RFC 3550 section 6.4.1)."""

from collections.abc import Callable
from typing import Any

from aiortc.rtp import RtcpSrPacket

from device.media.picture.sync import SenderReport


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
