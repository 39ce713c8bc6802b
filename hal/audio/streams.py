"""The two threads of an open router: each has one PCM, and can be moved to another between blocks."""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from hal.audio.fades import faded_in, faded_out
from hal.audio.pcm import CapturePcm, PlaybackPcm
from hal.audio.protocol import BLOCK_BYTES, BLOCK_S, CaptureSink, PlaybackSource, SoundCounters
from hal.audio.realtime import ask_for_realtime
from hal.errors import AudioFault, AudioUnavailable

logger = logging.getLogger(__name__)

SILENCE = bytes(BLOCK_BYTES)
_BEHIND_S = 0.05
"""Without a device the sound is paced by the clock; further behind than this it starts anew."""

Pcm = TypeVar("Pcm", bound=PlaybackPcm | CapturePcm)
LostSink = Callable[[str, AudioUnavailable], None]
"""Told the device and why, in the stream's thread, once until the stream is moved."""


class _Stream(ABC, Generic[Pcm]):
    """A thread that runs ``_block`` over and over. A lost PCM leaves it running, and silent."""

    def __init__(self, name: str, pcm: Pcm, on_lost: LostSink, priority: int) -> None:
        self._pcm: Pcm | None = pcm
        self._on_lost = on_lost
        self._priority = priority
        self._changed = threading.Condition()
        self._move: Callable[[], None] | None = None
        self._refusal: AudioUnavailable | None = None
        """What the last move raised."""
        self._is_stopping = threading.Event()
        self._has_failed = False
        self._due_s = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def device(self) -> str | None:
        """The device in use; None after it was lost."""
        pcm = self._pcm
        return pcm.device if pcm else None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and closes the PCM."""
        self._is_stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        ask_for_realtime(self._priority)
        while not self._is_stopping.is_set():
            try:
                self._make_move()
                self._block()
            except AudioUnavailable as error:
                self._lose(error)
            except Exception as error:  # one bad block must not end the stream for good
                if not self._has_failed:
                    logger.exception("The sound stopped")
                self._lose(_stopped_by(error))
        if self._pcm is not None:
            try:
                self._end(self._pcm)
            except Exception as error:  # it is over anyhow, and the device must be free
                logger.info("The sound ended abruptly (%r)", error)
                self._pcm.close()

    @abstractmethod
    def _block(self) -> None:
        """One block, waiting for the device."""

    @abstractmethod
    def _end(self, pcm: Pcm) -> None:
        """Close the device at the end of it all."""

    def _between_blocks(self, move: Callable[[], None]) -> None:
        """Run ``move`` in the stream's thread and wait until it is done. Raises what it raises, as
        AudioUnavailable."""
        with self._changed:
            self._move = move
            self._changed.wait_for(lambda: self._move is None)
            if self._refusal is not None:
                raise self._refusal

    def _make_move(self) -> None:
        with self._changed:
            move, self._move = self._move, None
            if move is not None:
                self._refusal = None
                try:
                    move()
                    self._has_failed = False
                except AudioUnavailable as error:
                    self._refusal = error
                except Exception as error:
                    logger.exception("The sound could not be moved")
                    self._refusal = _stopped_by(error)
                self._changed.notify_all()

    def _lose(self, error: AudioUnavailable) -> None:
        pcm, self._pcm = self._pcm, None
        if pcm is not None:
            pcm.close()
        if not self._has_failed and not self._is_stopping.is_set():
            self._has_failed = True
            self._on_lost(pcm.device if pcm else "", error)

    def _pace(self) -> None:
        """Wait as long as a device would have."""
        now_s = time.monotonic()
        if abs(now_s - self._due_s) > _BEHIND_S:
            self._due_s = now_s
        self._due_s += BLOCK_S
        self._is_stopping.wait(max(0.0, self._due_s - now_s))


def _stopped_by(error: Exception) -> AudioUnavailable:
    return AudioUnavailable(AudioFault.FAILED, f"The sound stopped ({error!r}).")


class PlaybackStream(_Stream[PlaybackPcm]):
    """Gives out what ``next_block`` gives."""

    def __init__(
        self,
        pcm: PlaybackPcm,
        next_block: PlaybackSource,
        on_lost: LostSink,
        counters: SoundCounters,
        priority: int,
    ) -> None:
        super().__init__("playback", pcm, on_lost, priority)
        self._fades_in = False
        self._next_block = next_block
        self._counters = counters

    def start(self) -> None:
        """With as much silence in front as waits later on, so that blocks are asked for evenly."""
        if self._pcm is not None:
            self._pcm.write(SILENCE * self._pcm.cushion_blocks)
            self._fades_in = True
        super().start()

    def move_to(self, pcm: PlaybackPcm) -> PlaybackPcm | None:
        """One block fades out there while it fades in here. Returns the old PCM, to be finished.
        Raises AudioUnavailable; then the old one goes on."""
        left: list[PlaybackPcm | None] = []

        def move() -> None:
            block = self._asked()
            try:
                pcm.write(SILENCE * pcm.cushion_blocks + faded_in(block))
            except AudioUnavailable:
                if self._pcm is not None:
                    with suppress(AudioUnavailable):  # which the next block tells
                        self._write(self._pcm, block)
                raise
            old, self._pcm = self._pcm, pcm
            left.append(old)
            if old is not None:
                self._let_go(old, block)

        self._between_blocks(move)
        return left[0]

    def hush_while(self, change: Callable[[], None]) -> None:
        """Fade out, change something while nothing is heard, fade in. Raises AudioUnavailable."""

        def move() -> None:
            pcm = self._pcm
            if pcm is None:
                change()
                return
            self._write(pcm, faded_out(self._asked()))
            for _ in range(pcm.cushion_blocks + 1):
                self._asked()
                self._write(pcm, SILENCE)
            change()
            self._write(pcm, faded_in(self._asked()))

        self._between_blocks(move)

    def _block(self) -> None:
        if self._pcm is None:
            self._pace()
            self._asked()
        else:
            block = self._asked()
            self._write(self._pcm, faded_in(block) if self._fades_in else block)
            self._fades_in = False

    def _end(self, pcm: PlaybackPcm) -> None:
        self._let_go(pcm, self._asked())
        pcm.finish()

    def _asked(self) -> bytes:
        block = self._next_block()
        if len(block) == BLOCK_BYTES:
            return block
        what = f"A block of {len(block)} bytes was played instead of {BLOCK_BYTES}."
        raise AudioUnavailable(AudioFault.FAILED, what)

    def _write(self, pcm: PlaybackPcm, sound: bytes) -> None:
        if not pcm.write(sound):
            self._counters.underruns += 1
        self._counters.played_blocks += 1

    def _let_go(self, old: PlaybackPcm, block: bytes) -> None:
        try:
            old.write(faded_out(block))
        except AudioUnavailable:
            logger.info("%s went while it was left", old.device)


class CaptureStream(_Stream[CapturePcm]):
    """Hands each captured block to ``on_captured``."""

    def __init__(
        self,
        pcm: CapturePcm,
        on_captured: CaptureSink,
        on_lost: LostSink,
        counters: SoundCounters,
        priority: int,
    ) -> None:
        super().__init__("capture", pcm, on_lost, priority)
        self._on_captured = on_captured
        self._counters = counters
        self._fades_in = False

    def move_to(self, pcm: CapturePcm) -> None:
        """The last block of the old microphone fades out, the first of the new one fades in."""

        def move() -> None:
            old, self._pcm = self._pcm, pcm
            self._fades_in = True
            if old is not None:
                self._let_go(old)

        self._between_blocks(move)

    def _block(self) -> None:
        if self._pcm is None:
            self._pace()
            return
        block = self._pcm.read()
        if block is None:
            self._counters.overruns += 1
            self._fades_in = True
            return
        self._on_captured(faded_in(block) if self._fades_in else block)
        stale = self._pcm.drop_stale()
        self._counters.dropped_blocks += stale
        self._fades_in = stale > 0

    def _end(self, pcm: CapturePcm) -> None:
        pcm.close()

    def _let_go(self, old: CapturePcm) -> None:
        try:
            block = old.read()
            if block is not None:
                self._on_captured(faded_out(block))
        except AudioUnavailable:
            logger.info("%s went while it was left", old.device)
        finally:
            old.close()
