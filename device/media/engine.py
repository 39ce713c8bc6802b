"""The media engine of one call: camera, sound and the links to all peers (session.ports.MediaPort)."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any

from aiortc.mediastreams import MediaStreamTrack

from device.errors import MediaError
from device.media import statistics
from device.media.feedback import PeerFeedback
from device.media.governor import BitrateGovernor
from device.media.hub import VideoHub
from device.media.keyframes import KeyframeGate
from device.media.loop import LoopBridge
from device.media.mixer import Mixer
from device.media.peer import PeerLink, drain
from device.media.remote import RemoteFrame, mono
from device.media.rtc import ice, senders
from device.media.rtc.contract import check_contract
from device.media.voice import VoiceSender
from device.session.facts import (
    AudioFailed,
    CameraLost,
    DevicesChanged,
    PeerLinkLost,
    PeerLinkUp,
    SignalReady,
)
from device.session.ports import IceServer, ReportMedia
from device.session.values import Signal, SignalKind
from hal import (
    AudioDevice,
    AudioMode,
    AudioRouter,
    AudioUnavailable,
    Camera,
    CameraUnavailable,
    EncodedFrame,
    Facing,
    VideoFormat,
)

logger = logging.getLogger(__name__)


class MediaEngine:
    """Made in the event loop, for one call. ``loopback_only`` keeps media on this machine."""

    def __init__(
        self,
        camera: Camera,
        audio: AudioRouter,
        video: VideoFormat | None = None,
        loopback_only: bool = False,
    ) -> None:
        """Raises MediaError when aiortc is not the one that this was written for."""
        check_contract()
        ice.install(loopback_only)
        senders.install()
        loop = asyncio.get_running_loop()
        self._camera = camera
        self._audio = audio
        self._video = video or VideoFormat()
        self._bridge = LoopBridge()
        self._report: ReportMedia = lambda fact: None
        self._gate = KeyframeGate(camera.request_keyframe, loop.time, loop.call_at)
        self._governor = BitrateGovernor(
            camera.set_bitrate, self._video.bitrate_bps, lambda: self._hub.sent_bps
        )
        self._hub = VideoHub(self._gate)
        self._voice = VoiceSender(self._bridge, muted=False)
        self._mixer = Mixer()
        self._links: dict[str, PeerLink] = {}
        self._offers: dict[str, bool] = {}
        self._frames: dict[str, RemoteFrame] = {}
        self._feedback: dict[str, PeerFeedback] = {}
        self._servers: tuple[IceServer, ...] = ()
        self._device_lock = asyncio.Lock()
        self._is_closed = False
        self._unwatch: Callable[[], None] = lambda: None

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        return self._audio.devices

    @property
    def facings(self) -> tuple[Facing, ...]:
        return self._camera.facings

    def attach(self, report: ReportMedia) -> None:
        self._report = report
        self._unwatch = self._audio.watch(
            lambda devices: self._bridge.post(self._tell, DevicesChanged(devices))
        )

    def latest_frame(self, uid: str) -> RemoteFrame | None:
        """The newest picture of a peer; None before the first."""
        return self._frames.get(uid)

    def statistics(self) -> statistics.MediaStatistics:
        """The counters at this moment."""
        return statistics.MediaStatistics(
            video_frames_encoded=self._hub.frames,
            video_keyframes=self._hub.keyframes,
            video_bytes=self._hub.bytes,
            audio_packets_encoded=self._voice.encoded_packets,
            keyframes_asked=self._gate.asked,
            keyframes_made=self._gate.made,
            target_bps=self._governor.target_bps,
            peers={uid: feedback.counts.copy() for uid, feedback in self._feedback.items()},
        )

    async def open(self, mode: AudioMode, muted: bool) -> None:
        self._voice.set_muted(muted)
        async with self._device_lock:
            await asyncio.to_thread(
                self._audio.open,
                mode,
                self._voice.take,
                self._mixer.next_block,
                lambda error: self._bridge.post(self._on_audio_failure, error),
            )

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        self._servers = servers

    async def set_microphone_muted(self, muted: bool) -> None:
        self._voice.set_muted(muted)

    async def open_camera(self, facing: Facing) -> None:
        async with self._device_lock:
            await asyncio.to_thread(
                self._camera.open,
                facing,
                self._video,
                lambda frame: self._bridge.post(self._on_frame, frame),
                lambda error: self._bridge.post(self._on_camera_failure, error),
            )
        self._camera.set_bitrate(self._governor.target_bps)

    async def close_camera(self) -> None:
        async with self._device_lock:
            await asyncio.to_thread(self._camera.close)
        self._hub.clear()

    async def switch_camera(self, facing: Facing) -> None:
        async with self._device_lock:
            await asyncio.to_thread(self._camera.switch, facing)

    async def select_route(self, mode: AudioMode) -> None:
        async with self._device_lock:
            await asyncio.to_thread(self._audio.select, mode)

    async def connect_peer(self, uid: str, offer: bool) -> None:
        had_link = await self._drop_link(uid)
        self._offers[uid] = offer
        if offer:
            link = self._new_link(uid, secrets.token_hex(8))
            self._tell_signal(uid, link.name, SignalKind.OFFER, await link.offer())
        elif had_link:
            self._tell_signal(uid, "-", SignalKind.RESTART, "")

    async def deliver_signal(self, signal: Signal) -> None:
        uid = signal.peer
        if signal.kind is SignalKind.OFFER:
            await self._take_offer(signal)
        elif signal.kind is SignalKind.RESTART:
            if self._offers.get(uid):
                await self.connect_peer(uid, offer=True)
        else:
            link = self._links.get(uid)
            if link is None or link.name != signal.link:
                return  # of a link that has been replaced
            if signal.kind is SignalKind.ANSWER:
                await link.take_answer(signal.body)
            else:
                await link.take_candidate(signal.body)

    async def disconnect_peer(self, uid: str) -> None:
        self._offers.pop(uid, None)
        await self._drop_link(uid)
        self._frames.pop(uid, None)
        self._feedback.pop(uid, None)

    async def aclose(self) -> None:
        self._is_closed = True
        self._unwatch()
        self._bridge.close()
        links = list(self._links.values())
        self._links.clear()
        await asyncio.gather(
            *(link.aclose() for link in links),
            self._close_devices(),
        )
        self._frames.clear()

    async def _close_devices(self) -> None:
        async with self._device_lock:
            await asyncio.gather(
                asyncio.to_thread(self._camera.close), asyncio.to_thread(self._audio.close)
            )

    async def _take_offer(self, signal: Signal) -> None:
        uid = signal.peer
        if self._offers.get(uid):
            raise MediaError(f"{uid} made an offer, though it is this unit's turn.")
        await self._drop_link(uid)
        link = self._new_link(uid, signal.link)
        try:
            answer = await link.take_offer(signal.body)
        except MediaError:
            await self._drop_link(uid)
            raise
        self._tell_signal(uid, link.name, SignalKind.ANSWER, answer)

    def _new_link(self, uid: str, name: str) -> PeerLink:
        if self._is_closed:
            raise MediaError("The call is over.")
        feedback = self._feedback.setdefault(uid, PeerFeedback(uid, self._gate, self._governor))
        link = PeerLink(
            uid,
            name,
            self,
            self._hub.add_queue(),
            self._voice.add_queue(),
            feedback,
            self._servers,
        )
        self._links[uid] = link
        return link

    async def _drop_link(self, uid: str) -> bool:
        link = self._links.pop(uid, None)
        if link is None:
            return False
        self._hub.remove_queue(link.video_queue)
        self._voice.remove_queue(link.voice_queue)
        self._governor.forget(uid)
        self._mixer.remove(uid)
        await link.aclose()
        return True

    # What links and devices report, in the event loop.

    def on_link_up(self, link: PeerLink) -> None:
        self._tell(PeerLinkUp(link.uid))

    def on_link_down(self, link: PeerLink) -> None:
        if self._links.get(link.uid) is link:
            self._tell(PeerLinkLost(link.uid))

    def on_remote_track(self, link: PeerLink, track: MediaStreamTrack) -> None:
        take = self._take_sound if track.kind == "audio" else self._take_picture
        self._own(link, drain(track, lambda frame: take(link, frame)), f"{track.kind}-{link.uid}")

    def _own(self, link: PeerLink, work: Coroutine[Any, Any, None], name: str) -> None:
        link.own(asyncio.get_running_loop().create_task(work, name=name))

    def _take_sound(self, link: PeerLink, frame: Any) -> None:
        if self._links.get(link.uid) is link:
            self._mixer.put(link.uid, mono(frame))

    def _take_picture(self, link: PeerLink, frame: Any) -> None:
        if self._links.get(link.uid) is link:
            before = self._frames.get(link.uid)
            number = before.number + 1 if before else 1
            self._frames[link.uid] = RemoteFrame(frame, time.monotonic_ns(), number)

    def _on_frame(self, frame: EncodedFrame) -> None:
        self._hub.take(frame)

    def _on_camera_failure(self, error: CameraUnavailable) -> None:
        self._hub.clear()
        self._tell(CameraLost(error))

    def _on_audio_failure(self, error: AudioUnavailable) -> None:
        self._tell(AudioFailed(str(error)))

    def _tell_signal(self, uid: str, link: str, kind: SignalKind, body: str) -> None:
        self._tell(SignalReady(Signal(uid, link, kind, body)))

    def _tell(self, fact: Any) -> None:
        if not self._is_closed:
            self._report(fact)
