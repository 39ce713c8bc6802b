"""One peer's video over one link: packets in, pictures in step with the voice out."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import av

from device.media.heard import HeardVoice
from device.media.loop import LoopBridge
from device.media.picture.counts import PictureCounts
from device.media.picture.decoder import DecodedPicture, DecoderThread
from device.media.picture.held import HeldPictures
from device.media.picture.inbound import Asks, InboundVideo
from device.media.picture.packet import VideoPacket
from device.media.picture.sync import LipSync
from device.media.stages import Stage, StageTimes


@dataclass(frozen=True, slots=True)
class PictureSinks:
    """Where to a stream turns, in the event loop: ``send`` asks the sender for something, ``show``
    takes a picture whose time has come, ``voice`` is the peer's, None before any."""

    send: Callable[[Asks], None]
    show: Callable[[av.VideoFrame], None]
    voice: Callable[[], HeardVoice | None]


class _Alarm:
    """One timer, that runs only while something is due."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._due_s: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due_s: float | None, now_s: float) -> None:
        if due_s == self._due_s:
            return
        self.stop()
        self._due_s = due_s
        if due_s is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, due_s - now_s), self._rings)

    def stop(self) -> None:
        self._due_s = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rings(self) -> None:
        self._due_s = self._timer = None
        self._ring()


class PictureStream:
    """Made and called in the event loop."""

    def __init__(self, uid: str, on_board: bool, sinks: PictureSinks, stages: StageTimes) -> None:
        """``on_board``: let the board decode H.264."""
        self.sync = LipSync()
        self._sinks = sinks
        self._stages = stages
        self._inbound = InboundVideo()
        self._held: HeldPictures[DecodedPicture] = HeldPictures()
        self._ask_alarm = _Alarm(self._ask)
        self._show_alarm = _Alarm(self._show)
        self._decoded = 0
        self._is_over = False
        bridge = self._bridge = LoopBridge()
        self._decoder = DecoderThread(
            f"pictures-{uid}",
            on_board,
            lambda picture: bridge.post(self._on_decoded, picture),
            lambda: bridge.post(self._on_undecodable),
        )

    def put(self, packet: VideoPacket) -> None:
        """A packet that came just now."""
        if self._is_over:
            return
        now_s = time.monotonic()
        for unit in self._inbound.put(packet, now_s):
            self._stages.add(Stage.RECEIVE, unit.assembly_s)
            self._decoder.put(unit, now_s)
        self._ask_alarm.set(self._inbound.due_s(), now_s)

    def counts(self) -> PictureCounts:
        """Since the start, without freezes."""
        return self._inbound.counts() + PictureCounts(
            decoded=self._decoded,
            dropped=self._decoder.dropped,
            decoder_given=self._decoder.given,
            decoder_taken=self._decoder.taken,
        )

    def stop(self) -> None:
        """Nothing is asked for or shown any more. Idempotent."""
        self._is_over = True
        self._bridge.close()
        self._ask_alarm.stop()
        self._show_alarm.stop()

    async def aclose(self) -> None:
        """The decoder's thread ends as well. Idempotent."""
        self.stop()
        await self._decoder.aclose()

    def _ask(self) -> None:
        now_s = time.monotonic()
        asks = self._inbound.asks(now_s)
        if asks is not None:
            self._sinks.send(asks)
        self._ask_alarm.set(self._inbound.due_s(), now_s)

    def _on_undecodable(self) -> None:
        now_s = time.monotonic()
        self._inbound.undecodable(now_s)
        self._ask_alarm.set(self._inbound.due_s(), now_s)

    def _on_decoded(self, picture: DecodedPicture) -> None:
        self._decoded += 1
        now_s = time.monotonic()
        voice = self._sinks.voice()
        playing = voice.playing() if voice is not None else None
        show_s = self.sync.show_at_s(picture.timestamp, now_s, playing)
        if voice is not None:
            voice.delay_at_least(self.sync.voice_minimum_s, now_s)
        self._stages.add(Stage.DECODE, picture.decoding_s)
        self._stages.add(Stage.SHOW, show_s - now_s)
        self._held.put(picture, show_s)
        self._show()

    def _show(self) -> None:
        now_s = time.monotonic()
        for picture in self._held.take(now_s):
            self._sinks.show(picture.picture)
        self._show_alarm.set(self._held.due_s(), now_s)
