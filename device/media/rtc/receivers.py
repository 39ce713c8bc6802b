"""Takes packets out of aiortc's receivers before its own jitter buffer gets them.

Everything before that place stays aiortc's: the check of the payload type, receiver reports, statistics,
bandwidth estimates and the unwrapping of retransmissions. Its decoding thread is never begun.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtp import RtpPacket

TakePacket = Callable[[RtpPacket], None]


class _Outlet:
    """In the place of aiortc's JitterBuffer."""

    def __init__(self, take: TakePacket) -> None:
        self._take = take

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """No keyframe is asked for, and no frame is complete."""
        self._take(packet)
        return False, None


def start_without_decoder(receiver: Any) -> None:
    """An RTCRtpReceiver begins without its decoding thread, for which the event loop would have to wait
    at the end. To be called before the connection is made."""

    async def receive(parameters: RTCRtpReceiveParameters) -> None:
        if receiver._RTCRtpReceiver__started:
            return
        for codec in parameters.codecs:
            receiver._RTCRtpReceiver__codecs[codec.payloadType] = codec
        for encoding in parameters.encodings:
            if encoding.rtx:
                receiver._RTCRtpReceiver__rtx_ssrc[encoding.rtx.ssrc] = encoding.ssrc
        receiver.transport._register_rtp_receiver(receiver, parameters)
        receiver._RTCRtpReceiver__rtcp_task = asyncio.ensure_future(receiver._run_rtcp())
        receiver._RTCRtpReceiver__started = True

    receiver.receive = receive


def divert(receiver: Any, take: TakePacket) -> None:
    """Give each packet of a receiver to ``take``, in the event loop, as soon as it has come."""
    start_without_decoder(receiver)
    receiver._RTCRtpReceiver__jitter_buffer = _Outlet(take)
