"""Measures a stream that comes in, by its packets and by what this unit reports of it."""

import asyncio
from typing import Any

from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from device.media.traffic import RateMeter, Received


class IncomingMeter:
    """Of one RTCRtpReceiver; ``clock_hz``: of its RTP timestamps."""

    def __init__(self, receiver: Any, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._loop = asyncio.get_running_loop()
        self._rate = RateMeter()
        self._ssrc: int | None = None
        self._report: RtcpReceiverInfo | None = None
        stock = receiver._send_rtcp

        async def sent(packet: Any) -> None:
            self._on_report(packet)
            await stock(packet)

        receiver._send_rtcp = sent

    def note(self, ssrc: int, octets: int) -> None:
        """A packet with so much payload came just now."""
        self._ssrc = ssrc
        self._rate.add(octets, self._loop.time())

    def received(self) -> Received:
        """At this moment."""
        bps, report = self._rate.bps(self._loop.time()), self._report
        if report is None:
            return Received(bps)
        return Received(
            bps, report.jitter / self._clock_hz, report.fraction_lost / 256, report.packets_lost
        )

    def _on_report(self, packet: Any) -> None:
        """Of several streams, that of retransmissions among them, the one that is played counts."""
        if isinstance(packet, RtcpRrPacket):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._report = report
