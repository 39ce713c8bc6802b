"""What comes out of SRTP, on its way to receivers and senders.

In the place of two methods of aiortc's RTCDtlsTransport, which stop listening for ever at what their
parsers did not foresee, and throw a whole compound packet away for one part that they do not know.
"""

import asyncio
import logging
from typing import Any

from aiortc.rtp import RtcpPacket, RtpPacket

from device.media.rtc.feedback_exchange import FeedbackExchange
from device.media.rtc.liveness import note_life
from device.media.rtc.transport_feedback import is_feedback, split

logger = logging.getLogger(__name__)


class Intake:
    """Of a DTLS transport, from the moment that it is connected."""

    def __init__(self, dtls: Any, exchange: FeedbackExchange) -> None:
        self._dtls = dtls
        self._exchange = exchange
        self._loop = asyncio.get_running_loop()
        self.malformed = 0
        """Packets of the other end that were dropped, because they made no sense."""
        dtls._handle_rtp_data = self._on_rtp
        dtls._handle_rtcp_data = self._on_rtcp

    async def _on_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        self._note_life()
        try:
            packet = RtpPacket.parse(data, self._dtls._rtp_header_extensions_map)
            self._exchange.note(packet)
            receiver = self._dtls._rtp_router.route_rtp(packet)
            if receiver is not None:
                await receiver._handle_rtp_packet(packet, arrival_time_ms=arrival_time_ms)
        except Exception as error:
            self._drop("RTP", error)

    async def _on_rtcp(self, data: bytes) -> None:
        self._note_life()
        for part in split(data):
            try:
                await self._take_rtcp(part)
            except Exception as error:
                self._drop("RTCP", error)

    async def _take_rtcp(self, part: bytes) -> None:
        if is_feedback(part):
            self._exchange.hear(part)
            return
        for packet in RtcpPacket.parse(part):
            for recipient in self._dtls._rtp_router.route_rtcp(packet):
                await recipient._handle_rtcp_packet(packet)

    def _note_life(self) -> None:
        note_life(self._dtls.transport._connection, self._loop.time())

    def _drop(self, kind: str, error: Exception) -> None:
        level = logging.DEBUG if self.malformed else logging.WARNING  # or a bad peer fills the log
        logger.log(level, "A peer sent %s that makes no sense: %r", kind, error)
        self.malformed += 1
