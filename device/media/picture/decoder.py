"""Decodes one peer's pictures in a thread that lives only while there is something to decode."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

from device.media.picture.codecs import open_decoder
from device.media.picture.packet import AccessUnit, VideoCodec

logger = logging.getLogger(__name__)

BEHIND_S = 0.5
"""A decoder with a picture that waits for longer leaves out everything up to a keyframe."""
QUEUE_UNITS = 64
"""Waiting at most: two seconds, which may come at once when a lost packet is sent again."""
IDLE_S = 1.0
"""Without work for so long the thread ends; more work begins another one. So none is left, but one that
hangs in a driver."""
ENDED_WITHIN_S = 0.4
"""Longer than any picture takes."""
_VIDEO_CLOCK = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """``timestamp`` is its access unit's; ``decoding_s`` how long the decoder took."""

    picture: av.VideoFrame
    timestamp: int
    decoding_s: float


class DecoderThread:
    """``put``, ``aclose`` and the counters are the owner's; the callbacks come in the thread."""

    def __init__(
        self,
        name: str,
        on_board: bool,
        on_picture: Callable[[DecodedPicture], None],
        on_keyframe_needed: Callable[[], None],
    ) -> None:
        self._name = name
        self._on_board = on_board
        self._on_picture = on_picture
        self._on_keyframe_needed = on_keyframe_needed
        self._contexts: dict[VideoCodec, Any] = {}
        self._changed = threading.Condition()
        self._units: deque[tuple[AccessUnit, float]] = deque()
        self._needs_keyframe = True
        self._is_closed = False
        self._is_running = False
        self._is_told = False
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Left out, because the decoder was behind or had failed at a picture before them."""
        self.given = 0
        self.taken = 0

    def put(self, unit: AccessUnit, now_s: float) -> None:
        """Decode it after those before it. Never blocks."""
        with self._changed:
            if self._is_closed:
                return
            if self._needs_keyframe and not unit.is_keyframe:
                self.dropped += 1
                return
            self._needs_keyframe = False
            self._units.append((unit, now_s))
            self.given += 1
            if len(self._units) > QUEUE_UNITS or now_s - self._units[0][1] > BEHIND_S:
                self._catch_up(now_s)
            if not self._is_running:
                self._is_running = True
                # A daemon: a driver that never comes back must not keep the process from its end.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    async def aclose(self) -> None:
        """End the thread after the picture it is at. Idempotent; never blocks the loop."""
        with self._changed:
            self._is_closed = True
            self._units.clear()
            self._changed.notify()
        thread = self._thread
        if thread is not None and thread.is_alive():
            await asyncio.to_thread(thread.join, ENDED_WITHIN_S)
            if thread.is_alive():
                logger.warning("%s has not ended within %s s", self._name, ENDED_WITHIN_S)

    def _catch_up(self, now_s: float) -> None:
        """Go on with the newest keyframe; if that is what comes next anyway, with it alone."""
        units = [unit for unit, _ in self._units]
        newest = max((place for place, unit in enumerate(units) if unit.is_keyframe), default=None)
        if newest:
            kept = units[newest:]
        else:
            kept = units[:1] if newest == 0 else []
            self._needs_keyframe = True
            self._on_keyframe_needed()
        self.dropped += len(units) - len(kept)
        self._units = deque((unit, now_s) for unit in kept)

    def _give_up(self) -> None:
        """A picture could not be decoded, and so none up to the next keyframe."""
        with self._changed:
            while self._units and not self._units[0][0].is_keyframe:
                self._units.popleft()
                self.dropped += 1
            if not self._units:
                self._needs_keyframe = True
                self._on_keyframe_needed()

    def _run(self) -> None:
        while (unit := self._next()) is not None:
            try:
                self._decode(unit)
            except Exception as error:  # of the decoder, or that there is none
                level = logging.DEBUG if self._is_told else logging.WARNING
                logger.log(level, "%s cannot decode: %s", self._name, error)
                self._is_told = True  # once, or a bad peer fills the log
                self._give_up()

    def _next(self) -> AccessUnit | None:
        """None: the thread's end."""
        with self._changed:
            self._changed.wait_for(lambda: self._units or self._is_closed, IDLE_S)
            if self._units:
                self.taken += 1
                return self._units.popleft()[0]
            self._is_running = False
            return None

    def _decode(self, unit: AccessUnit) -> None:
        context = self._contexts.get(unit.codec)
        if context is None:
            context = self._contexts[unit.codec] = open_decoder(unit.codec, self._on_board)
        packet = av.Packet(unit.data)
        packet.pts, packet.time_base = unit.timestamp, _VIDEO_CLOCK
        begun_s = time.perf_counter()
        pictures = context.decode(packet)
        decoding_s = time.perf_counter() - begun_s
        if any(picture.is_corrupt for picture in pictures):
            raise ValueError("a picture is corrupt")
        for picture in pictures:
            timestamp = unit.timestamp if picture.pts is None else picture.pts
            self._on_picture(DecodedPicture(picture, timestamp, decoding_s))
