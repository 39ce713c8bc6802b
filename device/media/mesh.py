"""The links to all peers of a call: who is wanted, which link is theirs, what was lost.

Who offers is fixed per pair, so offers never cross. A link has a name, chosen by the offerer; a signal
of a link that has been replaced is dropped.
"""

import asyncio
import logging
import secrets

import av

from device.errors import MediaError
from device.media.heard import HeardVoice
from device.media.parts import MediaParts
from device.media.peer import UP_WITHIN_S, PeerLink
from device.media.peer_counts import add_link, counts_now
from device.media.picture.remote import RemoteFrame, RemotePictures
from device.media.playout.packets import VoicePacket
from device.media.stale import LinkNames
from device.media.statistics import PeerCounts
from device.session.facts import PeerLinkLost, PeerLinkUp, SignalReady
from device.session.ports import IceServer, ReportMedia
from device.session.values import Signal, SignalKind

logger = logging.getLogger(__name__)

ANY_LINK = "-"
"""What a RESTART names when its sender has no link."""


class _Peer:
    """A participant to whom a link is wanted."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.counts = PeerCounts()
        self.pictures = RemotePictures()
        self.we_offer = False
        self.link: PeerLink | None = None
        self.is_told_lost = False
        """A loss was reported, and nobody has asked for a new link since."""
        self.names = LinkNames()
        self.waiting: asyncio.TimerHandle | None = None

    def adopt(self, link: PeerLink) -> None:
        """From now on it is theirs."""
        self.link = link
        self.counts.links += 1

    def stop_waiting(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None

    def has_living_link(self) -> bool:
        return self.link is not None and not self.link.is_over


class PeerMesh:
    """Its methods are called one after another, as MediaPort's are. Nothing but MediaError leaves."""

    def __init__(self, parts: MediaParts, report: ReportMedia, loopback_only: bool) -> None:
        self._parts = parts
        self._report = report
        self._loopback_only = loopback_only
        self._peers: dict[str, _Peer] = {}
        self._links: set[PeerLink] = set()
        self._is_closed = False
        self.servers: tuple[IceServer, ...] = ()

    def latest_frame(self, uid: str) -> RemoteFrame | None:
        """The newest picture of a peer; None before the first."""
        peer = self._peers.get(uid)
        return peer.pictures.frame if peer else None

    def counts(self) -> dict[str, PeerCounts]:
        """Of each peer who is wanted now."""
        voice = self._parts.mixer.counts
        return {
            uid: counts_now(peer.counts, peer.link, peer.pictures, voice(uid))
            for uid, peer in self._peers.items()
        }

    def forget_sent_voice(self) -> None:
        for link in self._links:
            link.forget_sent_voice()

    def forget_sent_video(self) -> None:
        for link in self._links:
            link.forget_sent_video()

    async def connect(self, uid: str, offer: bool) -> None:
        """Begin a link: make the offer, or wait for theirs. Replaces an old one."""
        peer = self._wanted(uid)
        peer.we_offer = offer
        was_lost, peer.is_told_lost = peer.is_told_lost, False
        if was_lost and peer.has_living_link():
            return  # the other end was quicker: its new link has come in the meantime
        old = await self._drop(peer)
        if offer:
            await self._offer(peer)
            return
        peer.waiting = asyncio.get_running_loop().call_later(UP_WITHIN_S, self._no_offer, peer)
        if old is not None or was_lost:
            self._tell(peer, old.name if old else ANY_LINK, SignalKind.RESTART, "")

    async def deliver(self, signal: Signal) -> None:
        """Raises MediaError for what is malformed, or not for the other end to say."""
        peer = self._peers.get(signal.peer)
        if peer is None:
            raise MediaError(f"{signal.peer} sent a signal, but no link to them is wanted.")
        match signal.kind:
            case SignalKind.OFFER:
                await self._take_offer(peer, signal)
            case SignalKind.RESTART:
                await self._restart(peer, signal)
            case SignalKind.ANSWER:
                await self._take_answer(peer, signal)
            case SignalKind.CANDIDATE:
                await self._take_candidate(peer, signal)

    async def disconnect(self, uid: str) -> None:
        """Idempotent."""
        peer = self._peers.pop(uid, None)
        if peer is not None:
            peer.stop_waiting()
            await self._drop(peer)

    async def aclose(self) -> None:
        """Idempotent."""
        self._is_closed = True
        for peer in self._peers.values():
            peer.stop_waiting()
        await asyncio.gather(*(self._close(link) for link in list(self._links)))
        self._peers.clear()

    def _wanted(self, uid: str) -> _Peer:
        if self._is_closed:
            raise MediaError("The call is over.")
        peer = self._peers.get(uid)
        if peer is None:
            peer = self._peers[uid] = _Peer(uid)
        return peer

    async def _offer(self, peer: _Peer) -> None:
        link = self._new_link(peer, secrets.token_hex(8))
        peer.adopt(link)
        try:
            sdp = await link.offer()
        except MediaError:
            await self._drop(peer)
            raise
        self._tell(peer, link.name, SignalKind.OFFER, sdp)

    async def _take_offer(self, peer: _Peer, signal: Signal) -> None:
        if peer.we_offer:
            raise MediaError(f"{peer.uid} made an offer, though it is this unit's turn.")
        if peer.names.is_old(signal.link) or (peer.link and peer.link.name == signal.link):
            return
        link = self._new_link(peer, signal.link)
        try:
            for line in peer.names.take_early(link.name):
                await link.take_candidate(line)
            answer = await link.take_offer(signal.body)
        except BaseException:  # the link that there was goes on
            await self._close(link)
            raise
        old = self._retire(peer)
        peer.adopt(link)
        self._tell(peer, link.name, SignalKind.ANSWER, answer)
        if old is not None:
            await self._close(old)

    async def _restart(self, peer: _Peer, signal: Signal) -> None:
        if not peer.we_offer:
            raise MediaError(f"{peer.uid} asks for an offer, though it is their turn to make one.")
        if peer.link is None or signal.link in (peer.link.name, ANY_LINK):
            await self._drop(peer)
            await self._offer(peer)

    async def _take_answer(self, peer: _Peer, signal: Signal) -> None:
        if peer.link is not None and peer.link.name == signal.link and peer.we_offer:
            await peer.link.take_answer(signal.body)
        elif not peer.names.is_old(signal.link):
            raise MediaError(f"{peer.uid} answers to a link that this unit has not offered.")

    async def _take_candidate(self, peer: _Peer, signal: Signal) -> None:
        if peer.link is not None and peer.link.name == signal.link:
            await peer.link.take_candidate(signal.body)
        else:
            peer.names.keep_early(signal.link, signal.body)

    def _new_link(self, peer: _Peer, name: str) -> PeerLink:
        if self._is_closed:
            raise MediaError("The call is over.")
        parts = self._parts
        bandwidth = parts.new_bandwidth()
        video = parts.hub.add_queue()
        link = PeerLink(
            peer.uid,
            name,
            self,
            video,
            parts.voice.add_queue(),
            parts.new_feedback(peer.uid, peer.counts, video, bandwidth),
            bandwidth,
            self.servers,
            self._loopback_only,
            parts.stages,
            parts.decodes_on_board,
        )
        self._links.add(link)
        return link

    async def _drop(self, peer: _Peer) -> PeerLink | None:
        """Take away the peer's link, if there is one."""
        link = self._retire(peer)
        if link is not None:
            await self._close(link)
        return link

    def _retire(self, peer: _Peer) -> PeerLink | None:
        """The peer's link is no longer theirs; it is closed next."""
        link, peer.link = peer.link, None
        peer.stop_waiting()
        if link is not None:
            peer.names.retire(link.name)
            add_link(peer.counts, link)
            peer.pictures.add_past(link.pictures.counts())
            link.bandwidth.close()
            self._parts.voice.forget_loss(peer.uid)
            self._parts.mixer.remove(peer.uid)
        return link

    async def _close(self, link: PeerLink) -> None:
        self._parts.hub.remove_queue(link.video_queue)
        self._parts.voice.remove_queue(link.voice_queue)
        try:
            await link.aclose()
        finally:
            self._links.discard(link)

    # What links report.

    def on_link_up(self, link: PeerLink) -> None:
        self._report(PeerLinkUp(link.uid))

    def on_link_down(self, link: PeerLink) -> None:
        peer = self._peers.get(link.uid)
        if peer is not None and peer.link is link:
            peer.is_told_lost = True
            self._report(PeerLinkLost(link.uid))

    def on_voice_packet(self, link: PeerLink, packet: VoicePacket) -> None:
        peer = self._peers.get(link.uid)
        if peer is not None and peer.link is link:
            peer.counts.voice_packets_received += 1
            self._parts.mixer.put(link.uid, packet)

    def on_candidate(self, link: PeerLink, line: str) -> None:
        peer = self._peers.get(link.uid)
        if peer is not None and peer.link is link:
            self._tell(peer, link.name, SignalKind.CANDIDATE, line)

    def on_picture(self, link: PeerLink, picture: av.VideoFrame) -> None:
        peer = self._peers.get(link.uid)
        if peer is not None and peer.link is link:
            peer.pictures.show(picture)

    def voice(self, link: PeerLink) -> HeardVoice | None:
        return self._parts.mixer.voice(link.uid)

    def _no_offer(self, peer: _Peer) -> None:
        peer.waiting = None
        peer.is_told_lost = True
        self._report(PeerLinkLost(peer.uid))

    def _tell(self, peer: _Peer, link: str, kind: SignalKind, body: str) -> None:
        self._report(SignalReady(Signal(peer.uid, link, kind, body)))
