"""A router, whichever back-end it is, with a tone to play, and what it reported."""

import time

from hal import AudioDevice, AudioMode, AudioRouter, AudioUnavailable
from hal.audio.sources import ToneSource
from tests.hal.listening import Heard


class SoundRig:
    def __init__(self, router: AudioRouter, tone_hz: int) -> None:
        self.captured: Heard[bytes] = Heard()
        self.asked: Heard[float] = Heard()
        self.failures: Heard[AudioUnavailable] = Heard()
        self.devices: Heard[tuple[AudioDevice, ...]] = Heard()
        self.stop_watching = router.watch(self.devices)
        self._opened = router
        self._tone = ToneSource(tone_hz)

    def next_block(self) -> bytes:
        self.asked(time.monotonic())
        return self._tone.next_block()

    def open(self, mode: AudioMode = AudioMode.SPEAKER) -> None:
        self._opened.open(mode, self.captured, self.next_block, self.failures)

    def play(self, blocks: int) -> None:
        """Wait until so many blocks more have been given out."""
        self.asked.wait_count(len(self.asked.items) + blocks + 1)
