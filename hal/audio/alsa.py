"""The four routes on ALSA."""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack

from hal.audio import mixers
from hal.audio.alsa_pcm import AlsaCapture, AlsaPlayback
from hal.audio.hotplug import Hotplug
from hal.audio.pcm import PlaybackPcm
from hal.audio.presence import PresentRoute
from hal.audio.protocol import (
    AudioDevice,
    AudioFailureSink,
    AudioMode,
    CaptureSink,
    DevicesSink,
    PlaybackSource,
    SoundCounters,
)
from hal.audio.routes import BLUETOOTH, AlsaConfig, AlsaRoute
from hal.audio.streams import CaptureStream, PlaybackStream
from hal.audio.watch import HotplugSource, RouteWatch
from hal.errors import AudioFault, AudioUnavailable

logger = logging.getLogger(__name__)


class AlsaAudioRouter:
    """An AudioRouter. A device that another route uses as well is not opened twice: then only the
    mixer changes. Not yet run on a board."""

    def __init__(self, config: AlsaConfig, routes: RouteWatch | None = None) -> None:
        """``routes`` is made from ``config`` unless given."""
        self._config = config
        self._routes = routes or _watched(config)
        self._counters = SoundCounters()
        self._lock = threading.RLock()
        self._run: _Run | None = None

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        return self._routes.devices

    @property
    def selected(self) -> AudioMode | None:
        run = self._run
        return run.mode if run else None

    @property
    def counters(self) -> SoundCounters:
        return self._counters

    def watch(self, on_devices: DevicesSink) -> Callable[[], None]:
        return self._routes.watch(on_devices)

    def open(
        self,
        mode: AudioMode,
        on_captured: CaptureSink,
        next_block: PlaybackSource,
        on_failure: AudioFailureSink,
    ) -> None:
        with self._lock:
            if self._run is not None:
                raise AudioUnavailable(
                    AudioFault.BUSY, "The sound is open already. Close it first."
                )
            run = _Run(self._config, self._routes, self._counters, on_failure)
            run.open(self._routes.need(mode), on_captured, next_block)
            self._run = run

    def select(self, mode: AudioMode) -> None:
        with self._lock:
            present = self._routes.need(mode)
            if self._run is not None:
                self._run.select(present)

    def close(self) -> None:
        with self._lock:
            run, self._run = self._run, None
            if run is not None:
                run.close()
                logger.info("Sound closed: %s", self._counters)


def _watched(config: AlsaConfig) -> RouteWatch:
    """udev always; jacks and Bluetooth where a route needs them."""
    routes = config.routes
    sources: list[HotplugSource] = [Hotplug(route.jack for route in routes.values() if route.jack)]
    if not any(BLUETOOTH in route.playback for route in routes.values()):
        return RouteWatch(routes, sources)
    from hal.audio.headsets import Headsets

    headsets = Headsets()
    return RouteWatch(routes, [*sources, headsets], headsets.current)


class _Run:
    """From one opening to its close: the two streams, and the route that they are on."""

    def __init__(
        self,
        config: AlsaConfig,
        routes: RouteWatch,
        counters: SoundCounters,
        on_failure: AudioFailureSink,
    ) -> None:
        self._config = config
        self._routes = routes
        self._counters = counters
        self._on_failure = on_failure
        self._told: set[str] = set()
        """The devices whose failure was told, until they are opened anew."""

    def open(
        self, present: PresentRoute, on_captured: CaptureSink, next_block: PlaybackSource
    ) -> None:
        self.mode = present.device.mode
        priority = self._config.realtime_priority
        with ExitStack() as undo:
            playback = AlsaPlayback(present.route.playback, self._config.buffer_blocks)
            undo.callback(playback.close)
            capture = AlsaCapture(self._microphone(present))
            undo.callback(capture.close)
            self._wanted = {playback.device, capture.device, ""}
            self._set_mixer(present)
            self._playback = PlaybackStream(
                playback, next_block, self._lost, self._counters, priority
            )
            self._capture = CaptureStream(
                capture, on_captured, self._lost, self._counters, priority
            )
            self._playback.start()
            undo.pop_all()
        self._capture.start()

    def select(self, present: PresentRoute) -> None:
        """Both devices are opened before either is moved, so that a refusal changes nothing."""
        playback, capture = present.route.playback, self._microphone(present)
        microphone: AlsaCapture | None = None
        old: PlaybackPcm | None = None
        self._told.discard("")
        with ExitStack() as undo:
            if capture != self._capture.device:
                self._told.discard(capture)
                microphone = AlsaCapture(capture)
                undo.callback(microphone.close)
            undo.callback(setattr, self, "_wanted", self._wanted)
            self._wanted = {playback, capture, ""}
            if playback != self._playback.device:
                old = self._move_playback(present)
            elif present.device.mode is not self.mode:
                self._playback.hush_while(lambda: self._set_mixer(present))
            undo.pop_all()
        self.mode = present.device.mode
        try:
            if microphone is not None:
                self._capture.move_to(microphone)
        finally:
            if old is not None:
                old.finish()
            self._mute_others(present)

    def _move_playback(self, present: PresentRoute) -> PlaybackPcm | None:
        self._told.discard(present.route.playback)
        loudspeaker = AlsaPlayback(present.route.playback, self._config.buffer_blocks)
        with ExitStack() as undo:
            undo.callback(loudspeaker.close)
            self._let_through(present.route)
            old = self._playback.move_to(loudspeaker)
            undo.pop_all()
        return old

    def close(self) -> None:
        self._playback.stop()
        self._capture.stop()

    def _microphone(self, present: PresentRoute) -> str:
        """The route's own, else that of another route that has one wired to the board."""
        if present.route.capture:
            return present.route.capture
        for other in self._routes.present.values():
            if other.route.capture and other.device.mode is not AudioMode.BLUETOOTH:
                return other.route.capture
        raise AudioUnavailable(
            AudioFault.ABSENT,
            f"There is no microphone for the {present.device.mode.value}. Connect one, or set "
            "capture under [hardware.alsa] for one of the routes.",
        )

    def _set_mixer(self, present: PresentRoute) -> None:
        self._mute_others(present)
        self._let_through(present.route)

    def _mute_others(self, present: PresentRoute) -> None:
        """Not before they have been heard to their end. Two routes may have one control."""
        own = present.route.mixer, present.route.control
        for other in self._routes.present.values():
            mixer, control = other.route.mixer, other.route.control
            if control and (mixer, control) != own:
                mixers.set_playback_control(mixer, control, muted=True, volume_percent=None)

    def _let_through(self, route: AlsaRoute) -> None:
        if route.control:
            mixers.set_playback_control(
                route.mixer, route.control, muted=False, volume_percent=route.volume_percent
            )
        if route.capture_control:
            mixers.set_capture_control(
                route.mixer, route.capture_control, route.capture_volume_percent
            )

    def _lost(self, device: str, error: AudioUnavailable) -> None:
        """In a stream's thread. The failure first, so that the change of routes repairs it; once,
        though both directions of a device go together, and not for one that is just being left."""
        if device in self._wanted and device not in self._told:
            self._told.add(device)
            self._on_failure(error)
        if error.reason is AudioFault.DISCONNECTED:
            self._routes.lost(device)
