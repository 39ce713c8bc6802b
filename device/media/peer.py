"""One media link to one participant: a peer connection, from its offer to its end.

Both ends always negotiate one audio and one video transceiver, both ways, so that nothing that
happens in a call needs a second negotiation. A link that breaks is not mended: a new one is made.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

import av
from aiortc import RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.rtcicetransport import RTCIceCandidate
from aiortc.rtp import RtpPacket
from aiortc.sdp import candidate_from_sdp

from device.errors import MediaError
from device.media.bandwidth.link import LinkBandwidth
from device.media.codecs import AUDIO_CODECS, VIDEO_CODECS, preferred
from device.media.description import check, completed
from device.media.heard import HeardVoice
from device.media.link_meter import LinkMeter
from device.media.picture.inbound import Asks
from device.media.picture.packet import VideoPacket
from device.media.picture.stream import PictureSinks, PictureStream
from device.media.playout.packets import VoicePacket
from device.media.rtc import receivers, reports, senders
from device.media.rtc.closing import Closer
from device.media.rtc.feedback_exchange import FeedbackExchange
from device.media.rtc.intake import Intake
from device.media.rtc.lean_sender import LeanSender
from device.media.rtc.transport_numbers import TransportNumbers
from device.media.rtc.video_receiver import VideoReceiver
from device.media.sending.pacer import Pacer
from device.media.sending.queue import VideoQueue, VoiceQueue
from device.media.servers import configuration
from device.media.stages import StageTimes
from device.session.ports import IceServer

logger = logging.getLogger(__name__)

UP_WITHIN_S = 15.0
CLOSE_WITHIN_S = 0.5
MAX_CANDIDATES = 100
"""Of one peer, over the life of a link; RFC 8445 section 6.1.2.5 has the same for the pairs."""


class LinkOwner(Protocol):
    """Who holds a link; called in the event loop."""

    def on_link_up(self, link: "PeerLink") -> None: ...

    def on_link_down(self, link: "PeerLink") -> None:
        """Broken, or not up in time. At most once."""

    def on_voice_packet(self, link: "PeerLink", packet: VoicePacket) -> None: ...

    def on_candidate(self, link: "PeerLink", line: str) -> None:
        """One that the other end has to be told of, after the description; empty: the last."""

    def on_picture(self, link: "PeerLink", picture: av.VideoFrame) -> None:
        """To be shown now."""

    def voice(self, link: "PeerLink") -> HeardVoice | None:
        """What is heard of this peer."""


class PeerLink:
    """``uid`` is the other end, ``name`` the link's own (Signal.link)."""

    def __init__(
        self,
        uid: str,
        name: str,
        owner: LinkOwner,
        video: VideoQueue,
        voice: VoiceQueue,
        feedback: senders.Feedback,
        bandwidth: LinkBandwidth,
        servers: tuple[IceServer, ...],
        loopback_only: bool,
        stages: StageTimes,
        on_board: bool,
    ) -> None:
        """``on_board``: let the board decode the pictures."""
        self.uid = uid
        self.name = name
        self.video_queue = video
        self.voice_queue = voice
        self.bandwidth = bandwidth
        self.is_over = False
        """Broken, not up in time, or closed."""
        self._owner = owner
        self._tasks: set[asyncio.Task[None]] = set()
        self._early_candidates: list[str] = []
        self._candidates_left = MAX_CANDIDATES
        self._has_remote = False
        self._exchange: FeedbackExchange | None = None
        self._intake: Intake | None = None
        self._pc = RTCPeerConnection(configuration(servers))
        self._closer = Closer(self._pc, loopback_only)
        self._pc.add_listener("connectionstatechange", self._on_state)
        self._voice = self._add("audio", AUDIO_CODECS)
        self._video = self._add("video", VIDEO_CODECS)
        numbers = TransportNumbers(bandwidth.on_sent)
        self._voice_sender = LeanSender(
            self._voice.sender, AUDIO_CODECS[0], voice, None, numbers, stages
        )
        pacer = Pacer(lambda: bandwidth.pacing_bps)
        self._video_sender = LeanSender(
            self._video.sender, VIDEO_CODECS[0], video, pacer, numbers, stages
        )
        senders.listen(self._video.sender, feedback)
        senders.listen_to_losses(self._voice.sender, feedback.on_voice_loss_reported)
        receivers.divert(self._voice.receiver, self._on_voice_packet)
        self.meter = LinkMeter(self._voice, self._video, self._voice_sender, self._video_sender)
        self.pictures = self._new_pictures(stages, on_board)
        self._deadline = asyncio.get_running_loop().call_later(UP_WITHIN_S, self._down)

    async def offer(self) -> str:
        """The SDP of the offer, with this unit's candidates. Raises MediaError."""
        try:
            return await self._described()
        except Exception as error:
            raise MediaError(f"No offer to {self.uid} could be made: {error!r}") from error

    async def take_offer(self, sdp: str) -> str:
        """The SDP of the answer. Raises MediaError."""
        await self._set_remote(sdp, "offer")
        try:
            return await self._described()
        except Exception as error:
            raise MediaError(f"The offer of {self.uid} cannot be answered: {error!r}") from error

    async def take_answer(self, sdp: str) -> None:
        """Raises MediaError. An answer that comes once more is passed over."""
        if not self._has_remote:
            await self._set_remote(sdp, "answer")

    async def take_candidate(self, line: str) -> None:
        """A candidate line without ``a=``; empty: there are no more. Raises MediaError."""
        if self._has_remote:
            await self._add_candidate(line)
        elif len(self._early_candidates) < MAX_CANDIDATES:
            self._early_candidates.append(line)

    def own(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do this in a task that ends with the link."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def forget_sent_voice(self) -> None:
        """What was sent is not sent again."""
        self._voice_sender.forget()

    def forget_sent_video(self) -> None:
        """What was sent is not sent again."""
        self._video_sender.forget()

    @property
    def malformed(self) -> int:
        """Packets of the other end that made no sense."""
        return self._intake.malformed if self._intake is not None else 0

    async def aclose(self) -> None:
        """Idempotent; cuts off a connection that does not close by itself."""
        self.is_over = True
        self._deadline.cancel()
        self.bandwidth.close()
        if self._exchange is not None:
            self._exchange.close()
        self.pictures.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self.pictures.aclose(), self._closer.close(CLOSE_WITHIN_S))

    def _add(self, kind: str, codecs: tuple[str, ...]) -> RTCRtpTransceiver:
        transceiver = self._pc.addTransceiver(kind, "sendrecv")
        transceiver.setCodecPreferences(preferred(kind, codecs))
        return transceiver

    async def _described(self) -> str:
        sdp = await self._closer.describe()
        self.own(self._tell_late_candidates(), f"late-candidates-{self.uid}")
        return sdp

    async def _tell_late_candidates(self) -> None:
        async for line in self._closer.late_candidates():
            self._owner.on_candidate(self, line)

    def _new_pictures(self, stages: StageTimes, on_board: bool) -> PictureStream:
        sinks = PictureSinks(self._ask, self._on_picture, self._heard)
        pictures = PictureStream(self.uid, on_board, sinks, stages)
        self._receiver = VideoReceiver(self._video.receiver, self._on_video_packet, self.own)
        reports.listen(self._voice.receiver, pictures.sync.on_voice_report)
        reports.listen(self._video.receiver, pictures.sync.on_picture_report)
        return pictures

    async def _set_remote(self, sdp: str, kind: str) -> None:
        try:
            check(sdp)
            await self._pc.setRemoteDescription(RTCSessionDescription(completed(sdp), kind))
        except Exception as error:  # aiortc raises nearly anything on a malformed description
            raise MediaError(f"The {kind} of {self.uid} is malformed: {error!r}") from error
        self._has_remote = True
        early, self._early_candidates = self._early_candidates, []
        for line in early:
            try:
                await self._add_candidate(line)
            except MediaError as error:
                logger.warning("%s", error)  # one bad candidate is no reason to refuse the link

    async def _add_candidate(self, line: str) -> None:
        if not line:
            # In a task, to come after the names that are still being looked up.
            self.own(self._pc.addIceCandidate(None), f"candidates-{self.uid}")
            return
        if not self._candidates_left:
            raise MediaError(f"{self.uid} sent more than {MAX_CANDIDATES} candidates.")
        self._candidates_left -= 1
        try:
            candidate = candidate_from_sdp(line.removeprefix("candidate:"))
        except (ValueError, IndexError, AssertionError) as error:
            raise MediaError(f"A candidate of {self.uid} is malformed: {error!r}") from error
        candidate.sdpMLineIndex = 0  # everything is bundled on the first line
        if candidate.ip.endswith(".local"):
            # Looking up its name (mDNS) takes up to a second: not in the way of other signals.
            self.own(self._try_candidate(candidate), f"candidate-{self.uid}")
        else:
            await self._try_candidate(candidate)

    async def _try_candidate(self, candidate: RTCIceCandidate) -> None:
        try:
            await self._pc.addIceCandidate(candidate)
        except Exception as error:  # of a kind that aioice does not know, or after the last one
            logger.warning("A candidate of %s is of no use: %r", self.uid, error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A task of the link to %s failed", self.uid, exc_info=task.exception())

    def _on_voice_packet(self, packet: RtpPacket) -> None:
        self.meter.voice_in.note(packet.ssrc, len(packet.payload))
        voice = VoicePacket(packet.ssrc, packet.sequence_number, packet.timestamp, packet.payload)
        self._owner.on_voice_packet(self, voice)

    def _on_video_packet(self, packet: VideoPacket) -> None:
        self.meter.video_in.note(packet.ssrc, len(packet.payload))
        self.pictures.put(packet)

    def _ask(self, asks: Asks) -> None:
        self._receiver.send(asks)

    def _on_picture(self, picture: av.VideoFrame) -> None:
        self._owner.on_picture(self, picture)

    def _heard(self) -> HeardVoice | None:
        return self._owner.voice(self)

    def _on_state(self) -> None:
        state = self._pc.connectionState
        if self.is_over:
            return
        if state == "connected":
            self._deadline.cancel()
            self._exchange = FeedbackExchange(self._video.sender, self.bandwidth.on_arrivals)
            self._intake = Intake(self._video.sender.transport, self._exchange)
            self.bandwidth.begin()
            self.video_queue.open()
            self.voice_queue.open()
            self._owner.on_link_up(self)
        elif state in ("failed", "closed"):
            self._down()

    def _down(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._deadline.cancel()
            self._owner.on_link_down(self)
