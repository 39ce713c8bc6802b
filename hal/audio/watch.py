"""The routes that are present, kept up to date while somebody watches."""

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

from hal.audio.cards import sound_cards
from hal.audio.jack import is_plugged
from hal.audio.presence import Headset, PresentRoute, in_order, present_routes
from hal.audio.protocol import AudioDevice, AudioMode, DevicesSink
from hal.audio.routes import AlsaRoute
from hal.errors import AudioFault, AudioUnavailable


class HotplugSource(Protocol):
    """Something that can tell that routes may have come or gone."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Call ``on_change``, in a foreign thread, after every change from now on."""

    def stop(self) -> None:
        """No call comes after. Idempotent."""


class RouteWatch:
    """Thread-safe. The sources run while there is a watcher."""

    def __init__(
        self,
        routes: Mapping[AudioMode, AlsaRoute],
        sources: Iterable[HotplugSource] = (),
        headsets: Callable[[], tuple[Headset, ...]] = tuple,
        is_plugged: Callable[[str], bool] = is_plugged,
        root: Path = Path("/"),
    ) -> None:
        self._routes = routes
        self._sources = tuple(sources)
        self._headsets = headsets
        self._is_plugged = is_plugged
        self._root = root
        # Re-entrant, and held while watchers are told: they hear of changes in their order.
        self._lock = threading.RLock()
        self._switching = threading.Lock()
        """Held while sources start and stop; never taken under the other one."""
        self._watchers: list[DevicesSink] = []
        self._lost: set[str] = set()
        self._order: tuple[AudioDevice, ...] = ()
        self._told: tuple[AudioDevice, ...] = ()

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        """Looked up now."""
        with self._lock:
            self._order = in_order(self._order, self.present)
            return self._order

    @property
    def present(self) -> dict[AudioMode, PresentRoute]:
        """The routes that can be opened."""
        with self._lock:
            cards = sound_cards(self._root)
            headsets = self._headsets()
            return present_routes(self._routes, cards, headsets, self._is_plugged, self._lost)

    def need(self, mode: AudioMode) -> PresentRoute:
        """A route that is there. Raises AudioUnavailable(ABSENT)."""
        present = self.present.get(mode)
        if present is None:
            raise AudioUnavailable(
                AudioFault.ABSENT,
                f"No {mode.value} is connected, or the user may not open it (group audio). "
                f"See [hardware.alsa.{mode.value}].",
            )
        return present

    def watch(self, on_devices: DevicesSink) -> Callable[[], None]:
        """``on_devices`` must hand over and return: it is called under this object's lock. The first
        watcher waits until all sources have looked."""
        with self._switching:
            with self._lock:
                self._tell_if_other()  # the others; this one begins with what there is now
                self._watchers.append(on_devices)
                is_first = len(self._watchers) == 1
            if is_first:
                for source in self._sources:
                    source.start(self.changed)

        def stop() -> None:
            with self._switching:
                with self._lock:
                    if on_devices not in self._watchers:
                        return
                    self._watchers.remove(on_devices)
                    is_last = not self._watchers
                if is_last:
                    for source in self._sources:
                        source.stop()

        return stop

    def lost(self, device: str) -> None:
        """An open device has gone. The kernel may not say so: its route is away until something
        changes."""
        with self._lock:
            self._lost.add(device)
            self._tell_if_other()

    def changed(self) -> None:
        """Something was plugged in or out."""
        with self._lock:
            self._lost.clear()
            self._tell_if_other()

    def _tell_if_other(self) -> None:
        now = self.devices
        if now != self._told:
            self._told = now
            for watcher in list(self._watchers):
                watcher(now)
