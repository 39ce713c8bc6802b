"""The tones, mixed over whatever the sound card plays, or alone where nobody uses it."""

import logging
import threading
from collections.abc import Callable

import numpy as np

from device.phone.tones import blocks_of
from device.phone.values import Tone
from hal import AudioDevice, AudioMode, AudioRouter, AudioUnavailable, SoundCounters
from hal.audio.fades import faded_out
from hal.audio.protocol import (
    BLOCK_BYTES,
    AudioFailureSink,
    CaptureSink,
    DevicesSink,
    PlaybackSource,
)

logger = logging.getLogger(__name__)

_SILENCE = bytes(BLOCK_BYTES)


class _Voice:
    """A tone being played, by the playback thread."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks
        self._at = 0
        self.is_ending = False
        self.is_over = False

    def next_block(self) -> bytes:
        if self.is_over:
            return _SILENCE
        block = self._blocks[self._at]
        self._at = (self._at + 1) % len(self._blocks)
        if self.is_ending:
            self.is_over = True
            return faded_out(block)
        return block


class Ringer:
    """The AudioRouter of the calls: what they play goes to the real one, with the tone over it.

    ``play`` silences at once; ``tend`` opens and closes the sound card for a tone that has it alone,
    and blocks as an AudioRouter does.
    """

    def __init__(self, audio: AudioRouter, route: AudioMode, loudness: float) -> None:
        self._audio = audio
        self._route = route
        self._loudness = loudness
        self._voice: _Voice | None = None
        self._lock = threading.Lock()
        """Held while the card is opened or closed."""
        self._is_lent = False
        self._is_own = False
        self._has_failed = False

    @property
    def is_playing(self) -> bool:
        voice = self._voice
        return voice is not None and not voice.is_ending

    def play(self, tone: Tone | None) -> None:
        """None: silence. Thread-safe; returns at once."""
        if self._voice is not None:
            self._voice.is_ending = True
        if tone is not None:
            self._voice = _Voice(blocks_of(tone, self._loudness))

    def tend(self) -> str:
        """Take or let go of the card, as the tone needs it. Returns what a person ought to know, if
        anything: that another route rings, say. Raises AudioUnavailable when none can."""
        with self._lock:
            if self._has_failed or not self.is_playing:
                self._let_go()
            if not self.is_playing or self._is_lent or self._is_own:
                return ""
            return self._take()

    # What a call does with it.

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        return self._audio.devices

    @property
    def selected(self) -> AudioMode | None:
        return self._audio.selected if self._is_lent else None

    @property
    def counters(self) -> SoundCounters:
        return self._audio.counters

    def watch(self, on_devices: DevicesSink) -> Callable[[], None]:
        return self._audio.watch(on_devices)

    def open(
        self,
        mode: AudioMode,
        on_captured: CaptureSink,
        next_block: PlaybackSource,
        on_failure: AudioFailureSink,
    ) -> None:
        with self._lock:
            self._let_go()
            self._audio.open(mode, on_captured, lambda: self._over(next_block()), on_failure)
            self._is_lent = True

    def select(self, mode: AudioMode) -> None:
        self._audio.select(mode)

    def close(self) -> None:
        with self._lock:
            if self._is_lent:
                self._audio.close()
                self._is_lent = False

    def _take(self) -> str:
        """The wanted route, else one that is there."""
        routes = [self._route, *(each.mode for each in self._audio.devices)]
        refused: AudioUnavailable | None = None
        for route in dict.fromkeys(routes):
            try:
                self._audio.open(route, _unheard, self._alone, self._on_failure)
            except AudioUnavailable as error:
                refused = refused or error
                continue
            self._is_own = True
            return f"{refused} It rings on the {route.value}." if refused else ""
        assert refused is not None
        raise refused

    def _let_go(self) -> None:
        if self._is_own:
            self._audio.close()
        self._is_own = self._has_failed = False

    def _on_failure(self, error: AudioUnavailable) -> None:
        logger.info("the tone broke off: %s", error)
        self._has_failed = True

    def _alone(self) -> bytes:
        voice = self._voice
        return _SILENCE if voice is None else voice.next_block()

    def _over(self, block: bytes) -> bytes:
        voice = self._voice
        if voice is None or voice.is_over:
            return block
        both = np.frombuffer(block, "<i2").astype(np.int32)
        both += np.frombuffer(voice.next_block(), "<i2")
        return np.clip(both, -32768, 32767).astype("<i2").tobytes()


def _unheard(_: bytes) -> None:
    """A tone needs no microphone."""
