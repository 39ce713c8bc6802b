"""Takes a video receiver of aiortc its packets away, and asks its sender for what is missing.

What is said of the stream to the sender and to statistics stays aiortc's: receiver reports, the estimate
of the bandwidth (REMB) for a sender that is told no arrivals, the unwrapping of retransmissions. Its
jitter buffer and its NACK generator have nothing to do, and its decoding thread is never begun.
"""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtpPacket, pack_remb_fci, unwrap_rtx

from device.media.picture.inbound import Asks
from device.media.picture.packet import VideoCodec, VideoPacket
from device.media.rtc.receivers import start_without_decoder

_CODECS = {"video/h264": VideoCodec.H264, "video/vp8": VideoCodec.VP8}


class VideoReceiver:
    """``take`` gets each packet, in the event loop, as soon as it has come."""

    def __init__(
        self,
        receiver: Any,
        take: Callable[[VideoPacket], None],
        own: Callable[[Coroutine[Any, Any, None], str], None],
    ) -> None:
        """Of an RTCRtpReceiver, before it is connected. ``own`` runs a task, under a name."""
        self._receiver = receiver
        self._take = take
        self._own = own
        start_without_decoder(receiver)
        receiver._handle_rtp_packet = self._on_rtp

    def send(self, asks: Asks) -> None:
        """Send it as RTCP. What gets lost is asked for again by whoever asks."""
        self._own(self._send(asks), "picture-asks")

    async def _send(self, asks: Asks) -> None:
        for numbers in _rising(asks.lost):
            await self._receiver._send_rtcp_nack(asks.ssrc, numbers)
        if asks.keyframe:
            await self._receiver._send_rtcp_pli(asks.ssrc)

    async def _on_rtp(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """RTCRtpReceiver._handle_rtp_packet up to the packet itself."""
        if not self._receiver._enabled:
            return
        await self._estimate(packet, arrival_time_ms)
        codec = self._receiver._RTCRtpReceiver__codecs.get(packet.payload_type)
        if codec is None:
            return
        streams = self._receiver._RTCRtpReceiver__remote_streams
        if packet.ssrc not in streams:
            streams[packet.ssrc] = StreamStatistics(codec.clockRate)
        streams[packet.ssrc].add(packet)
        found = self._unwrapped(packet, codec) if is_rtx(codec) else packet
        if found is not None:
            self._give(found)

    def _give(self, packet: RtpPacket) -> None:
        codec = self._receiver._RTCRtpReceiver__codecs[packet.payload_type]
        kind = _CODECS.get(codec.mimeType.lower())
        if kind is not None:
            self._take(
                VideoPacket(
                    kind,
                    packet.ssrc,
                    packet.sequence_number,
                    packet.timestamp,
                    bool(packet.marker),
                    packet.payload,
                )
            )

    async def _estimate(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Feed the estimator, and report what it finds: to a sender whose packets have no
        transport-wide number. One that is told when they arrive estimates better itself, and would
        take a REMB for a limit beside that (libwebrtc)."""
        receiver, extensions = self._receiver, packet.extensions
        if extensions.abs_send_time is None or extensions.transport_sequence_number is not None:
            return
        remb = receiver._RTCRtpReceiver__remote_bitrate_estimator.add(
            abs_send_time=extensions.abs_send_time,
            arrival_time_ms=arrival_time_ms,
            payload_size=len(packet.payload) + packet.padding_size,
            ssrc=packet.ssrc,
        )
        own_ssrc = receiver._RTCRtpReceiver__rtcp_ssrc
        if remb is not None and own_ssrc is not None:
            await receiver._send_rtcp(
                RtcpPsfbPacket(
                    fmt=RTCP_PSFB_APP, ssrc=own_ssrc, media_ssrc=0, fci=pack_remb_fci(*remb)
                )
            )

    def _unwrapped(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> RtpPacket | None:
        """The packet that was sent once more (RFC 4588); None when it is none that is known."""
        ssrc = self._receiver._RTCRtpReceiver__rtx_ssrc.get(packet.ssrc)
        apt = codec.parameters.get("apt")
        if ssrc is None or len(packet.payload) < 2 or not isinstance(apt, int):
            return None
        if apt not in self._receiver._RTCRtpReceiver__codecs:
            return None
        return unwrap_rtx(packet, payload_type=apt, ssrc=ssrc)


def _rising(numbers: list[int]) -> Iterator[list[int]]:
    """Cut where they wrap: a message of aiortc takes numbers only in rising order."""
    begin = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] < numbers[at - 1]:
            yield numbers[begin:at]
            begin = at
