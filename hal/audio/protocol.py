"""What sound is to the rest of the house: four routes, one microphone block in, one block out."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hal.errors import AudioUnavailable

SAMPLE_RATE_HZ = 48_000
BLOCK_SAMPLES = 480
"""10 ms: the block of WebRTC's audio processing, and half of an Opus packet."""
BLOCK_BYTES = BLOCK_SAMPLES * 2
"""Mono, signed 16 bit, little endian."""
BLOCK_S = BLOCK_SAMPLES / SAMPLE_RATE_HZ


class AudioMode(Enum):
    """Where sound is played."""

    SPEAKER = "speaker"
    EARPIECE = "earpiece"
    BLUETOOTH = "bluetooth"
    HEADPHONES = "headphones"


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """A route that is present. ``has_microphone``: selecting it moves the capture as well."""

    mode: AudioMode
    name: str
    has_microphone: bool


@dataclass(slots=True)
class SoundCounters:
    """Since the router was made. ``played_blocks``: those that a device took, silent ones as well;
    ``underruns``: the loudspeaker ran empty; ``overruns``: captured sound was not fetched in time;
    ``dropped_blocks``: captured, but too old to be of use."""

    played_blocks: int = 0
    underruns: int = 0
    overruns: int = 0
    dropped_blocks: int = 0

    def since(self, before: "SoundCounters") -> "SoundCounters":
        """What came after ``before``, a copy made then (``dataclasses.replace``)."""
        return SoundCounters(
            self.played_blocks - before.played_blocks,
            self.underruns - before.underruns,
            self.overruns - before.overruns,
            self.dropped_blocks - before.dropped_blocks,
        )


CaptureSink = Callable[[bytes], None]
"""Takes each captured block (BLOCK_BYTES), in the capture thread. Must not block."""

PlaybackSource = Callable[[], bytes]
"""Gives the next block to play (exactly BLOCK_BYTES), in the playback thread. Must not block."""

DevicesSink = Callable[[tuple[AudioDevice, ...]], None]
"""Told of every change of the routes present, in a foreign thread."""

AudioFailureSink = Callable[[AudioUnavailable], None]
"""Told when the running microphone or route fails; the stream is then silent, not closed."""


class AudioRouter(Protocol):
    """Capture and playback over the selected route. Methods block shortly: call them off the loop."""

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        """The routes present now, in the order in which they were connected (latest last)."""

    @property
    def selected(self) -> AudioMode | None:
        """The route in use, or None while closed."""

    @property
    def counters(self) -> SoundCounters:
        """They go on counting in foreign threads, over all openings."""

    def watch(self, on_devices: DevicesSink) -> Callable[[], None]:
        """Hear of routes that appear and vanish, open or not. Returns the function that stops it. Only
        while somebody watches are Bluetooth headsets among the devices."""

    def open(
        self,
        mode: AudioMode,
        on_captured: CaptureSink,
        next_block: PlaybackSource,
        on_failure: AudioFailureSink,
    ) -> None:
        """Start the capture and playback threads. Raises AudioUnavailable (ABSENT, BUSY, FAILED)."""

    def select(self, mode: AudioMode) -> None:
        """Move playback (and capture, where the route has a microphone) within 100 ms, with no click.

        Raises AudioUnavailable(ABSENT); then the old route goes on.
        """

    def close(self) -> None:
        """Stop both threads and free the devices. Idempotent. No callback comes after."""
