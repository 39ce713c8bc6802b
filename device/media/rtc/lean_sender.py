"""Sends frames that are cut already, in the place of the sending loop of aiortc's RTCRtpSender.

The rest stays aiortc's: sender reports (RFC 3550 section 6.4.1) and BYE, which read the counters kept
here, and what it hears of receivers.
"""

import asyncio
import logging
import secrets
import struct
import time
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from device.media.picture.sync import PICTURE_CLOCK_HZ, VOICE_CLOCK_HZ
from device.media.rtc.header_template import HeaderTemplate
from device.media.rtc.round_trip import NTP_EPOCH_S, measure
from device.media.rtc.transport_numbers import TransportNumbers
from device.media.rtc.wire import Wire
from device.media.sending.frame import MediaFrame
from device.media.sending.pacer import Pacer
from device.media.sending.queue import SendQueue
from device.media.stages import Stage, StageTimes
from device.media.traffic import RateMeter

logger = logging.getLogger(__name__)

HISTORY = 512
"""Packets kept to be sent again: two seconds of 2 Mb/s. A power of two, so that numbers may wrap."""
MARKER = 0x80

_Packet = tuple[int, int, int, bytes]
"""Sequence number, marker and payload type, timestamp, payload."""
_STAGES = {
    "video": (Stage.QUEUE, Stage.SEND),
    "audio": (Stage.VOICE_QUEUE, Stage.VOICE_SEND),
}
_CLOCKS_HZ = {"video": PICTURE_CLOCK_HZ, "audio": VOICE_CLOCK_HZ}


class LeanSender:
    """Replaces ``sender``'s loop before it is started. ``pacer``: None sends at once. ``stages``: where
    the times of sending are kept."""

    def __init__(
        self,
        sender: Any,
        mime_type: str,
        queue: SendQueue,
        pacer: Pacer | None,
        numbers: TransportNumbers,
        stages: StageTimes,
    ) -> None:
        self._sender = sender
        self._stages = stages
        self._queued, self._sending = _STAGES[sender.kind]
        self._rate = RateMeter()
        self._round_trip = measure(sender, _CLOCKS_HZ[sender.kind])
        self._numbers = numbers
        self._mime_type = mime_type
        self._queue = queue
        self._pacer = pacer
        self._loop = asyncio.get_running_loop()
        self._wire = Wire(sender.transport)
        self._history: list[_Packet | None] = [None] * HISTORY
        # The first half of the numbers: a wrap right at the start breaks decryption (RFC 3711, 3.3.1).
        self._sequence_number, self._rtx_number = (secrets.randbelow(2**15) for _ in range(2))
        self._origin = secrets.randbits(32)
        self._headers: HeaderTemplate | None = None
        self._payload_type = 0
        self._frame: MediaFrame | None = None
        self._next_payload = 0
        self._begun_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_running = False
        sender._run_rtp = self._run
        sender._retransmit = self._retransmit

    @property
    def refused(self) -> int:
        """Packets that the kernel had no room for."""
        return self._wire.refused

    def forget(self) -> None:
        """What was sent is not sent again, and what is begun is not ended."""
        self._history = [None] * HISTORY
        self._frame = None

    @property
    def round_trip_s(self) -> float | None:
        """By the receiver's reports; None before the first."""
        return self._round_trip.seconds

    @property
    def sent_bps(self) -> float:
        """Payloads over the last second, each counted once."""
        return self._rate.bps(self._loop.time())

    async def _run(self, codec: RTCRtpCodecParameters) -> None:
        """In the place of RTCRtpSender._run_rtp: a life of doing nothing, as the queue wakes it."""
        self._sender._RTCRtpSender__rtp_started.set()
        try:
            if codec.mimeType == self._mime_type:
                self._payload_type = codec.payloadType or 0
                self._wire = Wire(self._sender.transport)  # bundling may have made it another one
                self._headers = HeaderTemplate(
                    self._sender._RTCRtpSender__mid,
                    self._sender._RTCRtpSender__rtp_header_extensions_map,
                )
                self._is_running = True
                self._queue.wake(self._wake)
            else:
                logger.warning(
                    "A peer takes no %s, only %s: it is sent none", self._mime_type, codec.mimeType
                )
                self._queue.wake(self._queue.clear)
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        finally:
            self._is_running = False
            self._queue.wake(lambda: None)
            if self._timer is not None:
                self._timer.cancel()
            self._wire.close()
            self._sender._RTCRtpSender__rtp_exited.set()

    def _wake(self) -> None:
        if self._timer is None:
            self._pump()

    def _pump(self) -> None:
        """Send what may be sent now; come back for the rest."""
        self._timer = None
        while self._is_running and self._begin():
            if not self._wire.is_up:  # it can break in the middle of a frame
                self._frame = None
                self._queue.clear()
                return
            now_s = self._loop.time()
            wait_s = self._pacer.wait_s(now_s) if self._pacer is not None else 0.0
            if wait_s > 0:
                self._timer = self._loop.call_at(now_s + wait_s, self._pump)
                return
            self._send_burst(now_s)

    def _begin(self) -> bool:
        """Whether there is a frame, begun or new."""
        if self._frame is None:
            self._frame, self._next_payload = self._queue.take(), 0
            if self._frame is not None and self._pacer is not None:
                self._pacer.begin(self._frame.size, self._loop.time())
        return self._frame is not None

    def _send_burst(self, now_s: float) -> None:
        """As many of the frame's packets as may leave at this moment."""
        frame = self._frame
        assert frame is not None
        if self._next_payload == 0:
            self._begun_s = time.monotonic()
        payloads = frame.payloads[self._next_payload :]
        if self._pacer is not None:
            payloads = payloads[: self._pacer.release(list(map(len, payloads)), now_s)]
        self._next_payload += len(payloads)
        is_whole = self._next_payload == len(frame.payloads)
        timestamp = (self._origin + frame.timestamp) & 0xFFFFFFFF
        packets = self._new_packets(payloads, timestamp, is_whole)
        self._wire.send(self._written(packets, self._sender._ssrc, now_s))
        self._count(len(payloads), sum(map(len, payloads)), timestamp, frame.captured_s)
        if is_whole:
            self._frame = None
            self._stages.add(self._queued, self._begun_s - frame.ready_s)
            self._stages.add(self._sending, time.monotonic() - self._begun_s)

    def _new_packets(
        self, payloads: Sequence[bytes], timestamp: int, is_end: bool
    ) -> list[_Packet]:
        """The next ones of the stream, kept to be sent again. ``is_end``: the last gets the marker."""
        number, last = self._sequence_number, len(payloads) - 1
        packets = []
        for at, payload in enumerate(payloads):
            marker = self._payload_type | (MARKER if is_end and at == last else 0)
            packet = number, marker, timestamp, payload
            self._history[number % HISTORY] = packet
            packets.append(packet)
            number = (number + 1) & 0xFFFF
        self._sequence_number = number
        return packets

    async def _retransmit(self, sequence_number: int) -> None:
        """In the place of RTCRtpSender._retransmit (RFC 4588; without RTX the packet itself)."""
        sequence_number &= 0xFFFF  # aiortc counts on beyond the wrap within one NACK
        kept = self._history[sequence_number % HISTORY]
        if kept is None or kept[0] != sequence_number or not self._wire.is_up:
            return
        number, marker, timestamp, payload = kept
        now_s = self._loop.time()
        if self._pacer is not None and not self._pacer.repeat(len(payload), now_s):
            return  # the peer asks again
        rtx_type = self._sender._RTCRtpSender__rtx_payload_type
        ssrc = self._sender._ssrc
        if rtx_type is not None:
            payload = struct.pack("!H", number) + payload
            number, self._rtx_number = self._rtx_number, (self._rtx_number + 1) & 0xFFFF
            marker, ssrc = (marker & MARKER) | rtx_type, self._sender._rtx_ssrc
        self._wire.send(self._written([(number, marker, timestamp, payload)], ssrc, now_s))

    def _written(self, packets: Sequence[_Packet], ssrc: int, now_s: float) -> list[bytes]:
        """As they go over the wire, all of them now."""
        headers = self._headers
        assert headers is not None
        headers.leave_at(time.time())
        numbers: Iterable[int] = repeat(0)
        if headers.is_numbered:
            sizes = [headers.size + len(payload) for _, _, _, payload in packets]
            numbers = self._numbers.take(sizes, now_s)
        return [
            headers.packet(*packet, ssrc, number)
            for packet, number in zip(packets, numbers, strict=False)
        ]

    def _count(self, packets: int, octets: int, timestamp: int, captured_s: float) -> None:
        """For the next sender report: which moment the last timestamp stands for."""
        wall_s = time.time() - (time.monotonic() - captured_s)
        sender = self._sender
        sender._RTCRtpSender__ntp_timestamp = int((wall_s + NTP_EPOCH_S) * 2**32)
        sender._RTCRtpSender__rtp_timestamp = timestamp
        sender._RTCRtpSender__packet_count += packets
        sender._RTCRtpSender__octet_count += octets
        self._rate.add(octets, self._loop.time())
