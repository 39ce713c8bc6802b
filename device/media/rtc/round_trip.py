"""Sender reports of the moment at which they leave, and the round trip that the answers to them show.

RFC 3550 section 6.4.1. aiortc's own repeat the time of the packet sent last. While nothing is sent they
are all the same, an answer could be to any of them, and the round trip comes out below zero. It is also
measured by the system's clock, which may be set at any time.
"""

import asyncio
import time
from collections import deque
from dataclasses import replace
from typing import Any

from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket, RtcpSenderInfo, RtcpSrPacket

NTP_EPOCH_S = 2_208_988_800
"""1900 to 1970, RFC 5905 section 6."""
KEPT = 16
"""Reports whose answers are still waited for; one leaves in a second."""
SMOOTHING = 0.85
"""How much of the old value stays; aiortc's RTT_ALPHA."""


class RoundTrip:
    """Of one stream."""

    def __init__(self, clock_rate_hz: int) -> None:
        self._clock_rate_hz = clock_rate_hz
        self._left: deque[tuple[int, float]] = deque(maxlen=KEPT)
        self.seconds: float | None = None
        """None before the first answer."""

    def stamped(self, info: RtcpSenderInfo, wall_s: float, now_s: float) -> RtcpSenderInfo:
        """A report for now, in seconds since 1970 and on the clock of ``heard``; the timestamp goes on
        from the packet sent last. Before the first packet there is nothing to go on from."""
        if info.ntp_timestamp == 0:
            return info
        ntp = int((wall_s + NTP_EPOCH_S) * 2**32) % 2**64
        passed = (ntp - info.ntp_timestamp) * self._clock_rate_hz >> 32
        self._left.append((ntp >> 16 & 0xFFFFFFFF, now_s))
        timestamp = (info.rtp_timestamp + passed) % 2**32
        return replace(info, ntp_timestamp=ntp, rtp_timestamp=timestamp)

    def heard(self, report: RtcpReceiverInfo, now_s: float) -> None:
        """What the receiver says of this stream."""
        for name, left_s in self._left:
            if name == report.lsr:
                found_s = max(0.0, now_s - left_s - report.dlsr / 65536)
                old_s = found_s if self.seconds is None else self.seconds
                self.seconds = SMOOTHING * old_s + (1 - SMOOTHING) * found_s


def measure(sender: Any, clock_rate_hz: int) -> RoundTrip:
    """Of an RTCRtpSender, in the event loop."""
    loop = asyncio.get_running_loop()
    found = RoundTrip(clock_rate_hz)
    send, hear = sender._send_rtcp, sender._handle_rtcp_packet

    async def stamped(packets: list[Any]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket):
                info = found.stamped(packet.sender_info, time.time(), loop.time())
                packet.sender_info = info
        await send(packets)

    async def heard(packet: Any) -> None:
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == sender._ssrc:
                    found.heard(report, loop.time())
        await hear(packet)

    sender._send_rtcp, sender._handle_rtcp_packet = stamped, heard
    return found
