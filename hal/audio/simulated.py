"""Sound without a sound card: four routes that come and go, in real time, with the real rules."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from hal.audio.fades import faded_in, faded_out
from hal.audio.protocol import (
    BLOCK_BYTES,
    BLOCK_S,
    AudioDevice,
    AudioFailureSink,
    AudioMode,
    CaptureSink,
    DevicesSink,
    PlaybackSource,
    SoundCounters,
)
from hal.audio.sources import CaptureSource, SilenceSource
from hal.errors import AudioFault, AudioUnavailable

logger = logging.getLogger(__name__)

BUILT_IN = (
    AudioDevice(AudioMode.EARPIECE, "Earpiece", has_microphone=True),
    AudioDevice(AudioMode.SPEAKER, "Loudspeaker", has_microphone=True),
)
KEPT_S = 10.0
"""How much of what was played can be read back, for each route."""
_BEHIND_BLOCKS = 5
"""A thread further behind than this drops the backlog, as a driver does after an overrun."""


class SimulatedAudioRouter:
    """An AudioRouter whose routes are plugged and unplugged by its owner, and can be listened to."""

    def __init__(
        self, source: CaptureSource | None = None, devices: tuple[AudioDevice, ...] = BUILT_IN
    ) -> None:
        """``source`` is what every microphone hears (default: silence)."""
        self._source = source or SilenceSource()
        self._lock = threading.Lock()
        self._devices = list(devices)
        self._watchers: list[DevicesSink] = []
        self._played = {mode: _kept_blocks() for mode in AudioMode}
        self._next_fault: AudioFault | None = None
        self._counters = SoundCounters()
        self._run: _Run | None = None

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        with self._lock:
            return tuple(self._devices)

    @property
    def selected(self) -> AudioMode | None:
        run = self._run
        return run.mode if run else None

    @property
    def counters(self) -> SoundCounters:
        return self._counters

    def watch(self, on_devices: DevicesSink) -> Callable[[], None]:
        with self._lock:
            self._watchers.append(on_devices)

        def stop() -> None:
            with self._lock:
                if on_devices in self._watchers:
                    self._watchers.remove(on_devices)

        return stop

    def open(
        self,
        mode: AudioMode,
        on_captured: CaptureSink,
        next_block: PlaybackSource,
        on_failure: AudioFailureSink,
    ) -> None:
        with self._lock:
            fault, self._next_fault = self._next_fault, None
        if fault is not None:
            raise AudioUnavailable(fault, f"The {mode.value} failed to open. Check its cable.")
        if self._run is not None:
            raise AudioUnavailable(AudioFault.BUSY, "The sound card is in use. Close it first.")
        self._need(mode)
        self._run = _Run(self, self._source, mode, on_captured, next_block, on_failure)
        self._run.start()

    def select(self, mode: AudioMode) -> None:
        self._need(mode)
        if self._run is not None:
            self._run.move_to(mode)

    def close(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.stop()

    def plug(self, device: AudioDevice) -> None:
        """Connect a route; one of the same mode is replaced."""
        with self._lock:
            self._devices = [other for other in self._devices if other.mode is not device.mode]
            self._devices.append(device)
        self._tell()

    def unplug(self, mode: AudioMode) -> None:
        """Pull a route out; if it is in use, the stream falls silent and says so."""
        with self._lock:
            self._devices = [other for other in self._devices if other.mode is not mode]
        run = self._run
        if run is not None and run.mode is mode:
            run.lose(AudioUnavailable(AudioFault.DISCONNECTED, f"The {mode.value} was unplugged."))
        self._tell()

    def fail_next_open(self, fault: AudioFault) -> None:
        """Refuse the next opening for this reason."""
        with self._lock:
            self._next_fault = fault

    def fail_now(self) -> None:
        """Break the route in use, as a sound card that hangs does."""
        run = self._run
        if run is not None:
            run.lose(AudioUnavailable(AudioFault.FAILED, f"The {run.mode.value} stopped working."))

    def played(self, mode: AudioMode) -> bytes:
        """The last KEPT_S of what came out of a route, oldest first."""
        with self._lock:
            return b"".join(self._played[mode])

    def forget_played(self) -> None:
        """Start the read-back anew."""
        with self._lock:
            for blocks in self._played.values():
                blocks.clear()

    def keep_played(self, mode: AudioMode, block: bytes) -> None:
        """Called by the playback thread with each block that a route gave out."""
        with self._lock:
            self._played[mode].append(block)
            self._counters.played_blocks += 1

    def _need(self, mode: AudioMode) -> None:
        if all(device.mode is not mode for device in self.devices):
            raise AudioUnavailable(AudioFault.ABSENT, f"No {mode.value} is connected.")

    def _tell(self) -> None:
        devices = self.devices
        for watcher in list(self._watchers):
            watcher(devices)


def _kept_blocks() -> deque[bytes]:
    return deque(maxlen=int(KEPT_S / BLOCK_S))


class _Run:
    """From one opening to its close: the two threads."""

    def __init__(
        self,
        router: SimulatedAudioRouter,
        source: CaptureSource,
        mode: AudioMode,
        on_captured: CaptureSink,
        next_block: PlaybackSource,
        on_failure: AudioFailureSink,
    ) -> None:
        self._router = router
        self._source = source
        self.mode = mode
        self._playing_mode: AudioMode | None = mode
        self._on_captured = on_captured
        self._next_block = next_block
        self._on_failure = on_failure
        # Held while a failure is told, so that none comes after `stop`.
        self._lock = threading.RLock()
        self._lost = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._paced, args=(work,), name=name, daemon=True)
            for name, work in (("capture", self._capture), ("playback", self._play))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        with self._lock:
            self._stopping.set()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def move_to(self, mode: AudioMode) -> None:
        with self._lock:
            self.mode = mode
            self._lost.clear()

    def lose(self, error: AudioUnavailable) -> None:
        """Fall silent until the next ``move_to``, and say so once."""
        with self._lock:
            if not self._lost.is_set() and not self._stopping.is_set():
                self._lost.set()
                self._on_failure(error)

    def _paced(self, work: Callable[[], None]) -> None:
        due_s = time.monotonic()
        while not self._stopping.wait(max(0.0, due_s - time.monotonic())):
            if time.monotonic() - due_s > _BEHIND_BLOCKS * BLOCK_S:
                due_s = time.monotonic()
            self._do(work)
            due_s += BLOCK_S

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # one bad block must not end the stream for good
            if not self._lost.is_set():
                logger.exception("The sound stopped")
            self.lose(AudioUnavailable(AudioFault.FAILED, f"The sound stopped ({error!r})."))

    def _capture(self) -> None:
        block = self._source.next_block()
        if not self._lost.is_set():
            self._on_captured(block)

    def _play(self) -> None:
        block = self._next_block()
        if len(block) != BLOCK_BYTES:
            what = f"A block of {len(block)} bytes was played instead of {BLOCK_BYTES}."
            self.lose(AudioUnavailable(AudioFault.FAILED, what))
            block = bytes(BLOCK_BYTES)
        self._give_out(block)

    def _give_out(self, block: bytes) -> None:
        """To the route in use; a change fades the old route out and the new one in, over a block."""
        old = self._playing_mode
        new = None if self._lost.is_set() else self.mode
        if old is new:
            if new is not None:
                self._router.keep_played(new, block)
            return
        if old is not None:
            self._router.keep_played(old, faded_out(block))
        if new is not None:
            self._router.keep_played(new, faded_in(block))
        self._playing_mode = new
