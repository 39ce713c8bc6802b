"""Watches the pictures of a far unit that come through the relay, received by one engine or another."""

import asyncio
import time
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import RtpRouter
from aiortc.rtp import RtpPacket

from device.media.codecs import AUDIO_CODECS, VIDEO_CODECS, preferred
from device.media.picture.freezes import FreezeMeter
from device.session.values import Signal, SignalKind
from hal import VideoFormat
from hal.camera.picture import PictureKind
from tests.bench.far_station import FAR, NEAR, FarStation
from tests.bench.impairment import Path
from tests.bench.relay import Relay
from tests.bench.stock_media import use_loopback
from tests.media.world import Station, until

VIDEO = VideoFormat(width=1280, height=720, frame_rate_hz=30, bitrate_bps=2_000_000)
ONE_WAY_S = 0.02
WARM_UP_PICTURES = 60
WATCHED_S = 10.0
LOOK_EVERY_S = 0.004
LOSE_EVERY = 600
"""Packets, when retransmissions are lost as well: about one in three seconds."""


class Engine(Enum):
    OURS = "ours"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Trouble:
    """``loss``: a share of all packets. ``loses_retransmissions``: now and then one packet, and then
    its first retransmission."""

    loss: float
    loses_retransmissions: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Watched:
    """``frozen_ms_a_second``: in freezes by webrtc-stats; ``longest_ms`` between two pictures."""

    frozen_ms_a_second: float
    longest_ms: float


def watch(engine: Engine, trouble: Trouble) -> Watched:
    """For WATCHED_S, in an event loop of its own."""
    if trouble.loses_retransmissions:
        _lose_twice()
    times_s = asyncio.run(_watch_ours(trouble) if engine is Engine.OURS else _watch_stock(trouble))
    meter = FreezeMeter()
    for time_s in times_s:
        meter.shown(time_s)
    longest_s = max(after - before for before, after in pairwise(times_s))
    seconds = times_s[-1] - times_s[0]
    return Watched(1000 * meter.frozen_s / seconds, 1000 * longest_s)


def _relay(trouble: Trouble) -> Relay:
    return Relay(
        to_near=Path(loss=trouble.loss, delay_s=ONE_WAY_S, seed=trouble.seed),
        to_far=Path(delay_s=ONE_WAY_S),
    )


async def _watch_ours(trouble: Trouble) -> list[float]:
    near = Station(NEAR, 1000)
    times_s: list[float] = []
    with _relay(trouble) as relay:
        async with FarStation(near, relay, VIDEO, PictureKind.BUSY):
            await near.open()
            try:
                await near.connect(FAR, offer=True)
                await until(lambda: near.pictures(FAR) >= WARM_UP_PICTURES)
                end_s = time.monotonic() + WATCHED_S
                while time.monotonic() < end_s:
                    frame = near.engine.latest_frame(FAR)
                    assert frame is not None
                    if not times_s or times_s[-1] != frame.arrived_ns / 1e9:
                        times_s.append(frame.arrived_ns / 1e9)
                    await asyncio.sleep(LOOK_EVERY_S)
            finally:
                await near.close()
    return times_s


class _StockNear:
    """A receiver of aiortc, as the far station knows it."""

    def __init__(self) -> None:
        self.others: Any = {}
        self._answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for kind, codecs in (("audio", AUDIO_CODECS), ("video", VIDEO_CODECS)):
            line = self._pc.addTransceiver(kind, "recvonly")
            line.setCodecPreferences(preferred(kind, codecs))

    def receive(self, signal: Signal) -> None:
        if signal.kind is SignalKind.ANSWER:
            self._answered.set_result(signal.body)

    async def __aenter__(self) -> "_StockNear":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pc.close()

    async def pictures(self) -> Any:
        """The track of pictures, of a link made now."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        offer = self._pc.localDescription.sdp
        self.others[FAR].receive(Signal(NEAR, "stock", SignalKind.OFFER, offer))
        answer = RTCSessionDescription(await self._answered, "answer")
        await self._pc.setRemoteDescription(answer)
        return self._pc.getTransceivers()[1].receiver.track


async def _watch_stock(trouble: Trouble) -> list[float]:
    use_loopback()
    times_s: list[float] = []
    with _relay(trouble) as relay:
        async with _StockNear() as near, FarStation(near, relay, VIDEO, PictureKind.BUSY):
            track = await near.pictures()
            for _ in range(WARM_UP_PICTURES):
                await track.recv()
            end_s = time.monotonic() + WATCHED_S
            while time.monotonic() < end_s:
                await track.recv()
                times_s.append(time.monotonic())
    return times_s


def _lose_twice() -> None:
    """In this process, and after decryption, where one can see what a retransmission holds."""
    stock = RtpRouter.route_rtp
    seen = 0
    lost: set[int] = set()

    def lossy(self: Any, packet: RtpPacket) -> Any:
        nonlocal seen
        receiver = stock(self, packet)
        codecs = getattr(receiver, "_RTCRtpReceiver__codecs", {})
        codec = codecs.get(packet.payload_type)
        if codec is not None and codec.mimeType == "video/H264":
            seen += 1
            if seen % LOSE_EVERY == 0:
                lost.add(packet.sequence_number)
                return None
        elif codec is not None and codec.mimeType == "video/rtx":
            original = int.from_bytes(packet.payload[:2], "big")  # RFC 4588 section 4
            if original in lost:
                lost.remove(original)
                return None
        return receiver

    RtpRouter.route_rtp = lossy  # type: ignore[method-assign]
