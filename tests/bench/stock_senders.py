"""aiortc as it comes, sending to several peers: a tape, pictures that it encodes for each, a voice."""

import asyncio
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from device.media.codecs import AUDIO_CODECS, VIDEO_CODECS, preferred
from device.media.rtc.ice import Gathering, gathering
from device.media.sending.hub import VIDEO_CLOCK_HZ
from hal import SAMPLE_RATE_HZ, EncodedFrame, Facing, VideoFormat
from tests.bench.stock_media import FRAME_RATE_HZ, use_loopback
from tests.bench.tape import TapeCamera, pictures

VOICE_FRAME_S = 0.02
TONE_HZ = 440


class TapeTrack(MediaStreamTrack):
    """What a camera gives, as packets."""

    kind = "video"

    def __init__(self, camera: TapeCamera) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._frames: asyncio.Queue[EncodedFrame] = asyncio.Queue()
        self._origin_ns: int | None = None
        self._camera = camera

    def _take(self, frame: EncodedFrame) -> None:
        self._loop.call_soon_threadsafe(self._frames.put_nowait, frame)

    async def recv(self) -> Any:
        if not self._camera.is_open:  # not before anybody listens: the queue is not bounded
            self._camera.open(Facing.FRONT, VideoFormat(), self._take, lambda error: None)
        frame = await self._frames.get()
        if self._origin_ns is None:
            self._origin_ns = frame.capture_time_ns
        packet = av.Packet(frame.data)
        elapsed_ns = frame.capture_time_ns - self._origin_ns
        packet.pts = elapsed_ns * VIDEO_CLOCK_HZ // 1_000_000_000
        packet.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        return packet


class _Paced(MediaStreamTrack):
    """A track of frames that are there already."""

    def __init__(self, frames: list[Any], interval_s: float, ticks: int, clock_hz: int) -> None:
        super().__init__()
        self._frames = frames
        self._interval_s = interval_s
        self._ticks = ticks
        self._base = Fraction(1, clock_hz)
        self._start_s = time.monotonic()
        self.given = 0

    async def recv(self) -> Any:
        due_s = self._start_s + self.given * self._interval_s
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        frame = self._frames[self.given % len(self._frames)]
        frame.pts, frame.time_base = self.given * self._ticks, self._base
        self.given += 1
        return frame


class RawVideoTrack(_Paced):
    kind = "video"

    def __init__(self) -> None:
        raw = [
            av.VideoFrame.from_ndarray(each, format="yuv420p") for each in pictures(VideoFormat())
        ]
        ticks = VIDEO_CLOCK_HZ // FRAME_RATE_HZ
        super().__init__(raw, 1 / FRAME_RATE_HZ, ticks, VIDEO_CLOCK_HZ)


class ToneTrack(_Paced):
    kind = "audio"

    def __init__(self) -> None:
        samples = int(SAMPLE_RATE_HZ * VOICE_FRAME_S)
        wave = np.sin(np.arange(samples) * (2 * np.pi * TONE_HZ / SAMPLE_RATE_HZ)) * 8000
        frame = av.AudioFrame.from_ndarray(wave.astype("<i2").reshape(1, -1), "s16", "mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        super().__init__([frame], VOICE_FRAME_S, samples, SAMPLE_RATE_HZ)


class StockSenders:
    """One track, relayed by aiortc's own MediaRelay to a connection for each peer."""

    def __init__(self, track: MediaStreamTrack) -> None:
        use_loopback()
        self._track = track
        self._relay = MediaRelay()
        self._connections: dict[str, RTCPeerConnection] = {}

    async def offer(self, peer: str) -> str:
        pc = self._connections[peer] = RTCPeerConnection(RTCConfiguration([]))
        way = pc.addTransceiver(self._relay.subscribe(self._track), "sendonly")
        codecs = AUDIO_CODECS if self._track.kind == "audio" else VIDEO_CODECS
        way.setCodecPreferences(preferred(self._track.kind, codecs))
        with gathering(Gathering(loopback_only=True)):
            await pc.setLocalDescription(await pc.createOffer())
        return pc.localDescription.sdp

    async def accept(self, peer: str, answer: str) -> None:
        pc = self._connections[peer]
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def aclose(self) -> None:
        await asyncio.gather(*(pc.close() for pc in self._connections.values()))
        self._track.stop()
