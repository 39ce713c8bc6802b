"""Sends ready-made packets through aiortc's senders, and hears what receivers say of them.

aiortc keeps keyframe requests and REMB for encoders of its own. Here the encoder is the camera's, so a
sender's two methods are replaced on the instance, and packets are cut to RTP payloads once for all.
"""

from dataclasses import dataclass
from typing import Any, Protocol

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

from device.media.packet import Packet


class Feedback(Protocol):
    """What a receiver says of the video sent to it."""

    def on_keyframe_wanted(self) -> None: ...

    def on_bitrate_estimated(self, bitrate_bps: int) -> None: ...

    def on_loss_reported(self, fraction: float) -> None: ...

    def on_packets_missed(self, count: int) -> None: ...


@dataclass
class _Cut:
    """The packet that was cut last, and its payloads: peers ask one after another."""

    packet: Packet | None = None
    payloads: tuple[list[bytes], int] = ((), 0)  # type: ignore[assignment]


_last = _Cut()


class SharedPacketiser(H264Encoder):
    """Cuts each access unit to RTP payloads (RFC 6184) once, whatever the number of peers."""

    def pack(self, packet: Packet) -> tuple[list[bytes], int]:
        if _last.packet is not packet:
            _last.payloads = super().pack(packet)
            _last.packet = packet
        return _last.payloads


def _encoder(codec: RTCRtpCodecParameters) -> Any:
    return SharedPacketiser() if codec.mimeType == "video/H264" else stock_encoder(codec)


def install() -> None:
    """Share the packetiser between all senders of this process."""
    aiortc.rtcrtpsender.get_encoder = _encoder  # type: ignore[attr-defined]


def listen(sender: RTCRtpSender, feedback: Feedback) -> None:
    """Carry a video sender's feedback to ``feedback``, in the event loop."""
    stock = sender._handle_rtcp_packet

    async def heard(packet: Any) -> None:
        _hear(packet, sender._ssrc, feedback)
        await stock(packet)

    sender._handle_rtcp_packet = heard  # type: ignore[method-assign]
    sender._send_keyframe = feedback.on_keyframe_wanted  # type: ignore[method-assign]


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
