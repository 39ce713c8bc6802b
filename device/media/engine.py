"""The media engine of one call: camera, sound and the links to all peers (session.ports.MediaPort)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from device.media import statistics
from device.media.bandwidth.encoder import EncoderControl
from device.media.bandwidth.governor import BitrateGovernor
from device.media.hardware import HardwareCalls
from device.media.loop import LoopBridge
from device.media.mesh import PeerMesh
from device.media.parts import MediaParts
from device.media.picture.remote import RemoteFrame
from device.media.playout.mixer import Mixer
from device.media.rtc import (
    datagrams,
    dtls,
    ice,
    liveness,
    packetiser,
    reports,
    senders,
    transport_numbers,
)
from device.media.rtc.contract import check_contract
from device.media.sending.hub import VideoHub
from device.media.sending.keyframes import KeyframeGate
from device.media.stages import StageTimes
from device.media.voice.processing import processing
from device.media.voice.sender import VoiceSender
from device.session.facts import AudioFailed, CameraLost, DevicesChanged, MediaFact
from device.session.ports import IceServer, ReportMedia
from device.session.values import Signal
from hal import (
    AudioDevice,
    AudioMode,
    AudioRouter,
    AudioUnavailable,
    Camera,
    CameraUnavailable,
    Facing,
    VideoFormat,
)


class MediaEngine:
    """Made in the event loop, for one call. ``loopback_only`` keeps media on this machine."""

    def __init__(
        self,
        camera: Camera,
        audio: AudioRouter,
        video: VideoFormat | None = None,
        loopback_only: bool = False,
        echo_cancelling: bool = False,
        decoding_on_board: bool = False,
    ) -> None:
        """Raises MediaError when aiortc is not the one that this was written for, or when the echo
        canceller is not there."""
        check_contract()
        datagrams.install()
        dtls.install()
        ice.install()
        liveness.install()
        reports.install()
        senders.install()
        transport_numbers.install()
        loop = asyncio.get_running_loop()
        self._camera = camera
        self._audio = audio
        self._sound_before = replace(audio.counters)
        self._video = video or VideoFormat()
        self._bridge = LoopBridge()
        self._report: ReportMedia = lambda fact: None
        self._gate = KeyframeGate(camera.request_keyframe, loop.time, loop.call_at)
        self._stages = StageTimes()
        self._hub = VideoHub(self._gate, packetiser.cut, self._stages)
        self._encoder = EncoderControl(camera, self._video)
        self._governor = BitrateGovernor(self._encoder.set_bitrate, self._video.bitrate_bps)
        self._voice = VoiceSender(self._bridge, muted=False, stages=self._stages)
        self._mixer = Mixer(self._stages)
        self._processing = processing(echo_cancelling)
        parts = MediaParts(
            self._governor,
            self._hub,
            self._voice,
            self._mixer,
            self._stages,
            decoding_on_board,
        )
        self._mesh = PeerMesh(parts, self._tell, loopback_only)
        self._camera_calls = HardwareCalls("camera-calls")
        self._audio_calls = HardwareCalls("audio-calls")
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
        return self._mesh.latest_frame(uid)

    def statistics(self) -> statistics.MediaStatistics:
        """The counters at this moment."""
        return statistics.MediaStatistics(
            video_frames_encoded=self._hub.frames,
            video_frames_cut=self._hub.cuts,
            video_keyframes=self._hub.keyframes,
            video_bytes=self._hub.bytes,
            video_bps=self._hub.sent_bps,
            audio_packets_encoded=self._voice.encoded_packets,
            sound=self._audio.counters.since(self._sound_before),
            keyframes_asked=self._gate.asked,
            keyframes_made=self._gate.made,
            target_bps=self._governor.target_bps,
            stages=self._stages.summary(),
            frame_rate_hz=self._encoder.frame_rate_hz,
            camera_calls=self._camera_calls.counts,
            audio_calls=self._audio_calls.counts,
            peers=self._mesh.counts(),
        )

    async def open(self, mode: AudioMode, muted: bool) -> None:
        self._voice.set_muted(muted)
        self._processing.use(mode)
        await self._audio_calls.run(
            self._audio.open,
            mode,
            self._on_captured,
            lambda: self._processing.played(self._mixer.next_block()),
            lambda error: self._bridge.post(self._on_audio_failure, error),
        )

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        self._mesh.servers = servers

    async def set_microphone_muted(self, muted: bool) -> None:
        self._voice.set_muted(muted)
        if muted:
            self._mesh.forget_sent_voice()

    async def open_camera(self, facing: Facing) -> None:
        await self._camera_calls.run(
            self._camera.open,
            facing,
            self._video,
            lambda frame: self._bridge.post(self._hub.take, frame),
            lambda error: self._bridge.post(self._on_camera_failure, error),
        )
        self._encoder.opened()

    async def close_camera(self) -> None:
        await self._camera_calls.run(self._camera.close)
        self._forget_video()

    async def switch_camera(self, facing: Facing) -> None:
        await self._camera_calls.run(self._camera.switch, facing)

    async def snapshot(self, facing: Facing) -> bytes:
        """A still picture of the open camera, JPEG. Raises CameraUnavailable, MediaError after the
        end."""
        taken: list[bytes] = []
        await self._camera_calls.run(
            lambda: taken.append(self._camera.snapshot(facing, self._video))
        )
        return taken[0]

    async def select_route(self, mode: AudioMode) -> None:
        await self._audio_calls.run(self._audio.select, mode)
        self._processing.use(mode)

    async def connect_peer(self, uid: str, offer: bool) -> None:
        await self._mesh.connect(uid, offer)

    async def deliver_signal(self, signal: Signal) -> None:
        await self._mesh.deliver(signal)

    async def disconnect_peer(self, uid: str) -> None:
        await self._mesh.disconnect(uid)

    async def aclose(self) -> None:
        """What one part raises is raised when all are closed."""
        self._is_closed = True
        self._bridge.close()
        self._gate.close()
        closed = await asyncio.gather(
            self._mesh.aclose(),
            self._camera_calls.aclose(self._camera.close),
            self._audio_calls.aclose(self._close_audio),
            return_exceptions=True,
        )
        for error in closed:
            if error is not None:
                raise error

    def _close_audio(self) -> None:
        """In the audio thread: the sources of changes end only when what they tell has been heard."""
        try:
            self._audio.close()
        finally:
            self._unwatch()

    def _on_captured(self, block: bytes) -> None:
        """In the capture thread."""
        for cleaned in self._processing.captured(block):
            self._voice.take(cleaned)

    # What devices and links report, in the event loop.

    def _on_camera_failure(self, error: CameraUnavailable) -> None:
        self._forget_video()
        self._tell(CameraLost(error))

    def _on_audio_failure(self, error: AudioUnavailable) -> None:
        self._tell(AudioFailed(str(error)))

    def _forget_video(self) -> None:
        self._hub.clear()
        self._mesh.forget_sent_video()

    def _tell(self, fact: MediaFact) -> None:
        if not self._is_closed:
            self._report(fact)
