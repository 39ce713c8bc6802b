"""Both halves of transport-wide feedback on one DTLS transport of aiortc.

Every RTP packet that carries a transport-wide number is noted as it arrives, whichever stream it is of,
and the other end is told every FEEDBACK_S while packets come. What the other end tells is handed on.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc.rtp import RtpPacket

from device.media.rtc.arrivals import ArrivalLog
from device.media.rtc.datagrams import nominated
from device.media.rtc.transport_feedback import (
    REFERENCE_BITS,
    REFERENCE_TICKS,
    TICK_S,
    FeedbackMessage,
    pack,
    parse,
)
from device.media.unwrapping import Unwrapper

FEEDBACK_S = 0.075
"""About 15 kb/s of feedback. libwebrtc has 50 to 250 ms (kMinInterval, kMaxInterval)."""
ASLEEP_S = 0.02
"""If the loop is so late, packets wait in the socket: they are noted first, and told of after so long.
Else the other end would see a hole where there is only a busy computer."""

OnArrivals = Callable[[int, list[float | None], float], None]
"""Told of the packets from a transport-wide number on: when each arrived, in seconds on the other end's
clock, None for one that did not; and the time now, in seconds on the loop's clock."""


class FeedbackExchange:
    """On the transport of an RTCRtpSender; made once that is connected."""

    def __init__(self, sender: Any, on_arrivals: OnArrivals) -> None:
        self._dtls = sender.transport
        self._ssrc = sender._ssrc
        self._on_arrivals = on_arrivals
        self._loop = asyncio.get_running_loop()
        self._log = ArrivalLog()
        self._their_clock = ReferenceClock()
        self._media_ssrc = 0
        self._timer: asyncio.TimerHandle | None = None

    def note(self, packet: RtpPacket) -> None:
        """It has arrived now."""
        sequence = packet.extensions.transport_sequence_number
        if sequence is None:
            return
        self._log.note(sequence, self._loop.time())
        self._media_ssrc = packet.ssrc
        if self._timer is None and self._on_arrivals is not _ignore:
            due_s = self._loop.time() + FEEDBACK_S
            self._timer = self._loop.call_at(due_s, self._tell_unless_late, due_s)

    def hear(self, packet: bytes) -> None:
        """Feedback of the other end. Raises ValueError where it is malformed."""
        message = parse(packet)
        arrived_s = self._their_clock.arrivals_s(message)
        self._on_arrivals(message.base_sequence, arrived_s, self._loop.time())

    def close(self) -> None:
        """Nothing is told any more. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._on_arrivals = _ignore

    def _tell_unless_late(self, due_s: float) -> None:
        if self._loop.time() - due_s > ASLEEP_S:
            self._timer = self._loop.call_later(ASLEEP_S, self._tell)
        else:
            self._tell()

    def _tell(self) -> None:
        self._timer = None
        for message in self._log.take(self._ssrc, self._media_ssrc):
            self._send(pack(message))

    def _send(self, packet: bytes) -> None:
        pair = nominated(self._dtls.transport._connection)
        if pair is not None and self._dtls.state == "connected":
            protected = self._dtls._tx_srtp.protect_rtcp(packet)
            pair.protocol.transport.sendto(protected, pair.remote_addr)


def _ignore(first: int, arrived_s: list[float | None], at_s: float) -> None:
    pass


class ReferenceClock:
    """Carries the reference times of one sender on beyond 2**24 * 64 ms, which are twelve days."""

    def __init__(self) -> None:
        self._references = Unwrapper(REFERENCE_BITS)

    def arrivals_s(self, message: FeedbackMessage) -> list[float | None]:
        ticks = self._references.unwrap(message.reference) * REFERENCE_TICKS
        arrived_s: list[float | None] = []
        for delta in message.deltas:
            ticks += delta or 0
            arrived_s.append(None if delta is None else ticks * TICK_S)
        return arrived_s
