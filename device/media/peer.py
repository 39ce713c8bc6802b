"""One media link to one participant: a peer connection, from its offer to its end.

Both ends always negotiate one audio and one video transceiver, both ways, so that nothing that
happens in a call needs a second negotiation. A link that breaks is not mended: a new one is made.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.sdp import candidate_from_sdp

from device.errors import MediaError
from device.media.hub import VideoQueue
from device.media.rtc import senders
from device.media.tracks import VideoTrack, VoiceTrack
from device.media.voice import VoiceQueue
from device.session.ports import IceServer

logger = logging.getLogger(__name__)

UP_WITHIN_S = 15.0
CLOSE_WITHIN_S = 0.5
MAX_CANDIDATES = 100
_VIDEO_CODECS = ("video/H264", "video/VP8", "video/rtx")


class LinkOwner(Protocol):
    """Who holds a link; called in the event loop."""

    def on_link_up(self, link: "PeerLink") -> None: ...

    def on_link_down(self, link: "PeerLink") -> None:
        """Broken, or not up in time. At most once."""

    def on_remote_track(self, link: "PeerLink", track: MediaStreamTrack) -> None: ...


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
        servers: tuple[IceServer, ...],
    ) -> None:
        self.uid = uid
        self.name = name
        self.video_queue = video
        self.voice_queue = voice
        self._owner = owner
        self._tasks: set[asyncio.Task[None]] = set()
        self._early_candidates: list[str] = []
        self._has_remote = False
        self._is_over = False
        self._pc = RTCPeerConnection(_configuration(servers))
        self._pc.add_listener("track", self._on_track)
        self._pc.add_listener("connectionstatechange", self._on_state)
        self._pc.addTransceiver(VoiceTrack(voice), "sendrecv")
        transceiver = self._pc.addTransceiver(VideoTrack(video), "sendrecv")
        transceiver.setCodecPreferences(_preferred_video())
        senders.listen(transceiver.sender, feedback)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(UP_WITHIN_S, self._down)

    async def offer(self) -> str:
        """The SDP of the offer, with this unit's candidates."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return self._pc.localDescription.sdp

    async def take_offer(self, sdp: str) -> str:
        """The SDP of the answer. Raises MediaError."""
        await self._set_remote(sdp, "offer")
        try:
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except (ValueError, InvalidStateError, InvalidAccessError, OperationError) as error:
            raise MediaError(f"The offer of {self.uid} cannot be answered: {error}") from error
        return self._pc.localDescription.sdp

    async def take_answer(self, sdp: str) -> None:
        """Raises MediaError."""
        await self._set_remote(sdp, "answer")

    async def take_candidate(self, line: str) -> None:
        """A candidate line without ``a=``; empty: there are no more. Raises MediaError."""
        if not self._has_remote:
            if len(self._early_candidates) < MAX_CANDIDATES:
                self._early_candidates.append(line)
            return
        await self._add_candidate(line)

    def own(self, work: asyncio.Task[None]) -> None:
        """End this task with the link."""
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Idempotent; gives up on a connection that does not close."""
        self._is_over = True
        self._deadline.cancel()
        for task in self._tasks:
            task.cancel()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._pc.close()
        except TimeoutError:
            logger.error("the link to %s did not close in time", self.uid)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _set_remote(self, sdp: str, kind: str) -> None:
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp, kind))
            self._has_remote = True
            early, self._early_candidates = self._early_candidates, []
            for line in early:
                await self._add_candidate(line)
        except MediaError:
            raise
        except Exception as error:  # aiortc raises nearly anything on a malformed description
            raise MediaError(f"The {kind} of {self.uid} is malformed: {error!r}") from error

    async def _add_candidate(self, line: str) -> None:
        if not line:
            await self._pc.addIceCandidate(None)
            return
        try:
            candidate = candidate_from_sdp(line.removeprefix("candidate:"))
            candidate.sdpMLineIndex = 0  # everything is bundled on the first line
            await self._pc.addIceCandidate(candidate)
        except (ValueError, IndexError, AssertionError, InvalidStateError) as error:
            raise MediaError(f"A candidate of {self.uid} is malformed: {error}") from error

    def _on_track(self, track: MediaStreamTrack) -> None:
        if not self._is_over:
            self._owner.on_remote_track(self, track)

    def _on_state(self) -> None:
        state = self._pc.connectionState
        if self._is_over:
            return
        if state == "connected":
            self._deadline.cancel()
            self.video_queue.open()
            self.voice_queue.open()
            self._owner.on_link_up(self)
        elif state in ("failed", "closed"):
            self._down()

    def _down(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._deadline.cancel()
            self._owner.on_link_down(self)


def _configuration(servers: tuple[IceServer, ...]) -> RTCConfiguration:
    # An empty list, not None: None means a public STUN server to aiortc.
    ice = [
        RTCIceServer(list(server.urls), server.username, server.credential) for server in servers
    ]
    return RTCConfiguration(iceServers=ice, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)


def _preferred_video() -> list[RTCRtpCodecCapability]:
    known = RTCRtpSender.getCapabilities("video").codecs
    wanted = [codec for codec in known if codec.mimeType in _VIDEO_CODECS]
    return sorted(wanted, key=lambda codec: _VIDEO_CODECS.index(codec.mimeType))


async def drain(track: MediaStreamTrack, take: Callable[[object], None]) -> None:
    """Take every frame of a remote track until it ends; what is not drained piles up in aiortc."""
    try:
        while True:
            take(await track.recv())
    except MediaStreamError:
        return
