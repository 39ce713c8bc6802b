"""Sends ready-made packets through aiortc's senders, and hears what receivers say of them.

aiortc keeps keyframe requests and REMB for encoders of its own. Here the encoder is the camera's, so a
sender's two methods are replaced on the instance, and packets are cut to RTP payloads once for all.
"""

import logging
from dataclasses import dataclass
from typing import Any, Protocol

import aiortc.codecs
import aiortc.rtcrtpsender
from aiortc import RTCRtpSender
from aiortc.codecs import get_encoder as stock_encoder
from aiortc.codecs.h264 import H264Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

from device.media.sending.packet import Packet

logger = logging.getLogger(__name__)

OPUS_FORMAT: dict[str, int | str | None] = {"minptime": 10, "useinbandfec": 1}
"""RFC 7587 section 6.1: we can use the forward error correction that a sender puts into its packets."""


class Feedback(Protocol):
    """What a receiver says of the video sent to it."""

    def on_keyframe_wanted(self) -> None: ...

    def on_bitrate_estimated(self, bitrate_bps: int) -> None: ...

    def on_loss_reported(self, fraction: float) -> None: ...

    def on_packets_missed(self, count: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender has put on the wire, without retransmissions. ``round_trip_s``: by its reports."""

    packets: int
    octets: int
    round_trip_s: float | None


class SharedPacketiser(H264Encoder):
    """Cuts each access unit to RTP payloads (RFC 6184) once, whatever the number of peers."""

    cuts = 0
    """How often that was really done, in this process."""

    def pack(self, packet: Packet) -> tuple[list[bytes], int]:
        # Kept on the packet itself: a peer may lag behind the others by a frame or two.
        cut: Any = packet.opaque
        if cut is None:
            cut = packet.opaque = super().pack(packet)
            SharedPacketiser.cuts += 1
        payloads, timestamp = cut
        return payloads, timestamp


class NoPicture:
    """For a peer that takes no H.264: it must not be sent H.264 under another codec's name."""

    def pack(self, packet: Packet) -> tuple[list[bytes], int]:
        return [], 0


def _encoder(codec: RTCRtpCodecParameters) -> Any:
    if codec.mimeType == "video/H264":
        return SharedPacketiser()
    if codec.mimeType.startswith("video/"):
        logger.warning("A peer takes no H.264, only %s: it gets no picture", codec.mimeType)
        return NoPicture()
    return stock_encoder(codec)


def install() -> None:
    """Share the packetiser between all senders of this process; offer Opus with error correction."""
    aiortc.rtcrtpsender.get_encoder = _encoder  # type: ignore[attr-defined]
    aiortc.codecs.CODECS["audio"][0].parameters.update(OPUS_FORMAT)


def listen(sender: RTCRtpSender, feedback: Feedback) -> None:
    """Carry a video sender's feedback to ``feedback``, in the event loop."""
    stock = sender._handle_rtcp_packet

    async def heard(packet: Any) -> None:
        _hear(packet, sender._ssrc, feedback)
        await stock(packet)

    sender._handle_rtcp_packet = heard  # type: ignore[method-assign]
    sender._send_keyframe = feedback.on_keyframe_wanted  # type: ignore[method-assign]


def sent(sender: Any) -> Sent:
    """The sender's own counters."""
    return Sent(
        sender._RTCRtpSender__packet_count,
        sender._RTCRtpSender__octet_count,
        sender._RTCRtpSender__rtt,
    )


def forget_sent(sender: Any) -> None:
    """Nothing that was sent up to now is sent again, even if a receiver asks for it (NACK)."""
    sender._RTCRtpSender__rtp_history.clear()


def _hear(packet: Any, ssrc: int, feedback: Feedback) -> None:
    if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
        for report in packet.reports:
            if report.ssrc == ssrc:
                feedback.on_loss_reported(report.fraction_lost / 256)
    elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
        feedback.on_packets_missed(len(packet.lost))
    elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
        try:
            bitrate_bps, ssrcs = unpack_remb_fci(packet.fci)
        except ValueError:
            return
        if ssrc in ssrcs:
            feedback.on_bitrate_estimated(bitrate_bps)
