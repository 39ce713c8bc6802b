"""A unit's media on aiortc as it comes: raw pictures encoded by its x264, its own jitter buffers.

What benchmarks put in the place of device.media.engine, in the same unit, in the same call.
"""

import asyncio
import secrets
import time
from collections import deque
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from device.media.codecs import VIDEO_CODECS, preferred
from device.media.rtc.ice import Gathering, addresses, gathering
from device.media.servers import configuration
from device.session.facts import PeerLinkUp, SignalReady
from device.session.ports import IceServer, ReportMedia
from device.session.values import Signal, SignalKind
from hal import BLOCK_SAMPLES, SAMPLE_RATE_HZ, AudioDevice, AudioMode, AudioRouter, Facing
from hal.camera.testcard import TestCard

FRAME_RATE_HZ = 30


class CardTrack(MediaStreamTrack):
    """The test card as raw pictures of 720p; drawing it costs what it costs the unit's camera."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._card = TestCard(Facing.FRONT, 1280, 720)
        self._number = 0
        self._start_s = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        due_s = self._start_s + self._number / FRAME_RATE_HZ
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        picture = self._card.draw(self._number, time.time_ns())
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = self._number * 3000, Fraction(1, 90_000)
        self._number += 1
        return frame


class MicrophoneTrack(MediaStreamTrack):
    """Captured blocks, two to a frame of 20 ms."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._blocks: asyncio.Queue[bytes] = asyncio.Queue(maxsize=20)
        self._samples = 0

    def take(self, block: bytes) -> None:
        """In the capture thread."""
        self._loop.call_soon_threadsafe(self._put, block)

    def _put(self, block: bytes) -> None:
        if not self._blocks.full():
            self._blocks.put_nowait(block)

    async def recv(self) -> av.AudioFrame:
        sound = await self._blocks.get() + await self._blocks.get()
        samples = np.frombuffer(sound, "<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.time_base = SAMPLE_RATE_HZ, Fraction(1, SAMPLE_RATE_HZ)
        frame.pts = self._samples
        self._samples += samples.shape[1]
        return frame


class StockMedia:
    """One peer at a time, which is what the benchmarks need (session.ports.MediaPort)."""

    def __init__(self, audio: AudioRouter, listens_only: bool = False) -> None:
        """``listens_only``: no microphone and no camera; the other end makes the offer."""
        self._audio = audio
        self._listens_only = listens_only
        self._report: ReportMedia = lambda fact: None
        self._microphone = MicrophoneTrack()
        self._played: deque[bytes] = deque(maxlen=100)
        self._pc: RTCPeerConnection | None = None
        self._link = ""
        self._servers = configuration(()).iceServers
        self._tasks: set[asyncio.Task[None]] = set()
        self.pictures = 0

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        return self._audio.devices

    @property
    def facings(self) -> tuple[Facing, ...]:
        return (Facing.FRONT,)

    def attach(self, report: ReportMedia) -> None:
        self._report = report

    async def open(self, mode: AudioMode, muted: bool) -> None:
        await asyncio.to_thread(
            self._audio.open, mode, self._microphone.take, self._next_block, lambda error: None
        )

    def _next_block(self) -> bytes:
        return self._played.popleft() if self._played else bytes(BLOCK_SAMPLES * 2)

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        self._servers = configuration(servers).iceServers

    async def set_microphone_muted(self, muted: bool) -> None:
        """Not in a benchmark."""

    async def open_camera(self, facing: Facing) -> None:
        """The card is filmed from the start."""

    async def close_camera(self) -> None:
        """Not in a benchmark."""

    async def switch_camera(self, facing: Facing) -> None:
        """Not in a benchmark."""

    async def select_route(self, mode: AudioMode) -> None:
        """Not in a benchmark."""

    async def connect_peer(self, uid: str, offer: bool) -> None:
        self._pc = pc = RTCPeerConnection(RTCConfiguration(self._servers))
        if not self._listens_only:
            pc.addTrack(self._microphone)
            video = pc.addTransceiver(CardTrack(), "sendrecv")
            video.setCodecPreferences(preferred("video", VIDEO_CODECS))
        pc.on("track", self._on_track)
        pc.on("connectionstatechange", lambda: self._on_state(uid))
        if offer:
            self._link = secrets.token_hex(8)
            self._tell(uid, SignalKind.OFFER, await self._describe())

    async def deliver_signal(self, signal: Signal) -> None:
        pc = self._pc
        assert pc is not None
        if signal.kind is SignalKind.CANDIDATE:
            candidate: Any = None
            if signal.body:
                candidate = candidate_from_sdp(signal.body.removeprefix("candidate:"))
                candidate.sdpMLineIndex = 0
            await pc.addIceCandidate(candidate)
            return
        kind = "offer" if signal.kind is SignalKind.OFFER else "answer"
        await pc.setRemoteDescription(RTCSessionDescription(signal.body, kind))
        if kind == "offer":
            self._link = signal.link
            self._tell(signal.peer, SignalKind.ANSWER, await self._describe())

    async def disconnect_peer(self, uid: str) -> None:
        """With the end."""

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._pc is not None:
            await self._pc.close()
        await asyncio.to_thread(self._audio.close)

    async def _describe(self) -> str:
        assert self._pc is not None
        with gathering(Gathering(loopback_only=True)):
            await self._pc.setLocalDescription(await self._make())
        return self._pc.localDescription.sdp

    async def _make(self) -> RTCSessionDescription:
        assert self._pc is not None
        if self._pc.signalingState == "have-remote-offer":
            return await self._pc.createAnswer()
        return await self._pc.createOffer()

    def _on_state(self, uid: str) -> None:
        if self._pc is not None and self._pc.connectionState == "connected":
            self._report(PeerLinkUp(uid))

    def _on_track(self, track: MediaStreamTrack) -> None:
        task = asyncio.get_running_loop().create_task(self._drain(track))
        self._tasks.add(task)

    async def _drain(self, track: MediaStreamTrack) -> None:
        while True:
            frame: Any = await track.recv()
            if track.kind == "video":
                self.pictures += 1
                continue
            mono = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0].tobytes()
            for at in range(0, len(mono), BLOCK_SAMPLES * 2):
                self._played.append(mono[at : at + BLOCK_SAMPLES * 2])

    def _tell(self, uid: str, kind: SignalKind, body: str) -> None:
        self._report(SignalReady(Signal(uid, self._link, kind, body)))


def use_loopback() -> None:
    """aioice leaves loopback out by itself."""
    import aioice.ice

    aioice.ice.get_host_addresses = addresses
