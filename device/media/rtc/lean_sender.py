"""Sends frames that are cut already, in the place of the sending loop of aiortc's RTCRtpSender.

The rest stays aiortc's: sender reports (RFC 3550 section 6.4.1) and BYE, which read the counters kept
here, and what it hears of receivers.
"""

import asyncio
import logging
import secrets
import struct
import time
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import HeaderExtensions

from device.media.picture.sync import PICTURE_CLOCK_HZ, VOICE_CLOCK_HZ
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
VERSION_AND_EXTENSION = 0x90
MARKER = 0x80

_HEADER = struct.Struct("!BBHLL")
_TIME_MARK = 0xABCDEF
"""Stands in the header extension where abs-send-time belongs."""
_NUMBER_MARK = 0xFEDC
"""Where the transport-wide sequence number belongs. No MID in UTF-8 looks like it."""
_Sent = tuple[int, int, int, bytes]
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
        self._history: list[_Sent | None] = [None] * HISTORY
        # The first half of the numbers: a wrap right at the start breaks decryption (RFC 3711, 3.3.1).
        self._sequence_number, self._rtx_number = (secrets.randbelow(2**15) for _ in range(2))
        self._origin = secrets.randbits(32)
        self._extension = b""
        self._time_at = self._number_at = -1
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
                self._set_extension()
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

    def _set_extension(self) -> None:
        """The header extension (RFC 8285), the same for all packets but for the time and the number."""
        sender = self._sender
        values = HeaderExtensions(
            abs_send_time=_TIME_MARK,
            mid=sender._RTCRtpSender__mid,
            transport_sequence_number=_NUMBER_MARK,
        )
        profile, value = sender._RTCRtpSender__rtp_header_extensions_map.set(values)
        self._extension = struct.pack("!HH", profile, len(value) // 4) + value
        self._time_at = self._extension.find(_TIME_MARK.to_bytes(3, "big"))
        self._number_at = self._extension.find(_NUMBER_MARK.to_bytes(2, "big"))

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
        timestamp = (self._origin + frame.timestamp) & 0xFFFFFFFF
        last = len(frame.payloads) - 1
        first, octets = self._next_payload, 0
        packets = []
        extension = self._extension_at(time.time())
        while self._next_payload <= last:
            payload = frame.payloads[self._next_payload]
            marker = self._payload_type | (MARKER if self._next_payload == last else 0)
            packets.append(self._new_packet(marker, timestamp, extension, payload, now_s))
            octets += len(payload)
            self._next_payload += 1
            if self._pacer is not None:
                self._pacer.sent(len(payload), now_s)
                if self._next_payload <= last and self._pacer.wait_s(now_s) > 0:
                    break
        self._wire.send(packets)
        self._count(self._next_payload - first, octets, timestamp, frame.captured_s)
        if self._next_payload > last:
            self._frame = None
            self._stages.add(self._queued, self._begun_s - frame.ready_s)
            self._stages.add(self._sending, time.monotonic() - self._begun_s)

    def _new_packet(
        self, marker: int, timestamp: int, extension: bytes, payload: bytes, now_s: float
    ) -> bytes:
        number = self._sequence_number
        self._history[number % HISTORY] = number, marker, timestamp, payload
        self._sequence_number = (number + 1) & 0xFFFF
        header = _HEADER.pack(VERSION_AND_EXTENSION, marker, number, timestamp, self._sender._ssrc)
        return self._numbered(header, extension, payload, now_s)

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
        header = _HEADER.pack(VERSION_AND_EXTENSION, marker, number, timestamp, ssrc)
        extension = self._extension_at(time.time())
        self._wire.send((self._numbered(header, extension, payload, now_s),))

    def _numbered(self, header: bytes, extension: bytes, payload: bytes, now_s: float) -> bytes:
        """The whole packet, counted as one that leaves now."""
        at = self._number_at
        if at < 0:
            return b"".join((header, extension, payload))
        number = self._numbers.next(len(header) + len(extension) + len(payload), now_s)
        return b"".join((header, extension[:at], number, extension[at + 2 :], payload))

    def _extension_at(self, wall_s: float) -> bytes:
        """With abs-send-time: seconds in 6.18 bits (webrtc.org/experiments/rtp-hdrext/abs-send-time)."""
        if self._time_at < 0:
            return self._extension
        at = self._time_at
        send_time = int((wall_s + NTP_EPOCH_S) * 2**18) & 0xFFFFFF
        return self._extension[:at] + send_time.to_bytes(3, "big") + self._extension[at + 3 :]

    def _count(self, packets: int, octets: int, timestamp: int, captured_s: float) -> None:
        """For the next sender report: which moment the last timestamp stands for."""
        wall_s = time.time() - (time.monotonic() - captured_s)
        sender = self._sender
        sender._RTCRtpSender__ntp_timestamp = int((wall_s + NTP_EPOCH_S) * 2**32)
        sender._RTCRtpSender__rtp_timestamp = timestamp
        sender._RTCRtpSender__packet_count += packets
        sender._RTCRtpSender__octet_count += octets
        self._rate.add(octets, self._loop.time())
