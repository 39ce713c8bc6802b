"""Hears what receivers say of what is sent to them.

aiortc keeps keyframe requests and REMB for encoders of its own. Here the encoder is the camera's, so a
sender's two methods are replaced on the instance.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiortc.codecs
from aiortc import RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)

OPUS_FORMAT: dict[str, int | str | None] = {"minptime": 10, "useinbandfec": 1}
"""RFC 7587 section 6.1: we can use the forward error correction that a sender puts into its packets."""


class Feedback(Protocol):
    """What a receiver says of what is sent to it: of the video, but for the voice's loss."""

    def on_keyframe_wanted(self) -> None: ...

    def on_bitrate_estimated(self, bitrate_bps: int) -> None: ...

    def on_loss_reported(self, fraction: float) -> None: ...

    def on_voice_loss_reported(self, fraction: float) -> None: ...

    def on_packets_nacked(self, count: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender has put on the wire, without retransmissions."""

    packets: int
    octets: int


def install() -> None:
    """Offer Opus with error correction, in this process."""
    aiortc.codecs.CODECS["audio"][0].parameters.update(OPUS_FORMAT)


def listen(sender: RTCRtpSender, feedback: Feedback) -> None:
    """Carry a video sender's feedback to ``feedback``, in the event loop."""
    stock = sender._handle_rtcp_packet

    async def heard(packet: Any) -> None:
        _hear(packet, sender._ssrc, feedback)
        await stock(packet)

    sender._handle_rtcp_packet = heard  # type: ignore[method-assign]
    sender._send_keyframe = feedback.on_keyframe_wanted  # type: ignore[method-assign]


def listen_to_losses(sender: Any, on_loss: Callable[[float], None]) -> None:
    """Tell what share of a sender's packets its reports say was lost lately, in the event loop."""
    stock = sender._handle_rtcp_packet

    async def heard(packet: Any) -> None:
        for fraction in _losses(packet, sender._ssrc):
            on_loss(fraction)
        await stock(packet)

    sender._handle_rtcp_packet = heard


def sent(sender: Any) -> Sent:
    """The sender's own counters."""
    return Sent(sender._RTCRtpSender__packet_count, sender._RTCRtpSender__octet_count)


def _hear(packet: Any, ssrc: int, feedback: Feedback) -> None:
    for fraction in _losses(packet, ssrc):
        feedback.on_loss_reported(fraction)
    if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
        feedback.on_packets_nacked(len(packet.lost))
    elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
        try:
            bitrate_bps, ssrcs = unpack_remb_fci(packet.fci)
        except ValueError:
            return
        if ssrc in ssrcs:
            feedback.on_bitrate_estimated(bitrate_bps)


def _losses(packet: Any, ssrc: int) -> list[float]:
    """Of one stream (RFC 3550 section 6.4.1, fraction lost)."""
    if not isinstance(packet, RtcpRrPacket | RtcpSrPacket):
        return []
    return [report.fraction_lost / 256 for report in packet.reports if report.ssrc == ssrc]
