"""The Bluetooth headsets whose sound is ready, from the signals of bluez-alsa (org.bluealsa.PCM1).

bluez-alsa rather than BlueZ itself: BlueZ says that a device is connected a second before its sound
can be opened.
"""

import asyncio
import logging
import threading
from collections.abc import Callable

from hal.audio.presence import Headset
from hal.audio.system_bus import BusFailed, Objects, SystemBus

logger = logging.getLogger(__name__)

_BLUEALSA, _BLUEALSA_ROOT, _PCM = "org.bluealsa", "/org/bluealsa", "org.bluealsa.PCM1"
_BLUEZ, _DEVICE = "org.bluez", "org.bluez.Device1"
_WITH_MICROPHONE = ("HFP-AG", "HSP-AG")
_AGAIN_S = 5.0
_FIRST_LOOK_S = 1.0
"""A healthy bus answers in some milliseconds."""


class Headsets:
    """A HotplugSource, with a thread and an event loop of its own."""

    def __init__(self, bus_address: str | None = None, again_s: float = _AGAIN_S) -> None:
        """``bus_address``: of another bus than the system's. ``again_s``: the pause before the next
        attempt after the bus was lost."""
        self._bus_address = bus_address
        self._again_s = again_s
        self._current: tuple[Headset, ...] = ()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._has_looked = threading.Event()

    def current(self) -> tuple[Headset, ...]:
        """Latest connected last; none unless started."""
        return self._current

    def start(self, on_change: Callable[[], None]) -> None:
        """Returns when it has looked for the first time, or could not."""
        self._has_looked.clear()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._watch(on_change))
        self._thread = threading.Thread(target=self._run, name="bluetooth", daemon=True)
        self._thread.start()
        self._has_looked.wait(_FIRST_LOOK_S)

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._task is None:
            return
        self._loop.call_soon_threadsafe(self._task.cancel)
        if thread is not threading.current_thread():
            thread.join()
        self._current = ()

    def _run(self) -> None:
        assert self._loop is not None
        assert self._task is not None
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            if left := asyncio.all_tasks(self._loop):
                self._loop.run_until_complete(asyncio.wait(left))
            self._loop.close()

    async def _watch(self, on_change: Callable[[], None]) -> None:
        said = False
        while True:
            try:
                async with SystemBus(self._bus_address) as bus:
                    await self._follow(bus, on_change)
            except BusFailed as error:
                if not said:
                    logger.warning("Bluetooth headsets are not watched: %s", error)
                said = True
            self._set((), on_change)
            await asyncio.sleep(self._again_s)

    async def _follow(self, bus: SystemBus, on_change: Callable[[], None]) -> None:
        """Look again after every signal, until the bus goes."""
        heard = asyncio.Event()
        await bus.on_signals(_BLUEALSA, heard.set)
        closed = asyncio.ensure_future(bus.wait_closed())
        closed.add_done_callback(lambda _: heard.set())
        try:
            while not closed.done():
                heard.clear()
                pcms = await bus.objects(_BLUEALSA, _BLUEALSA_ROOT)
                self._set(headsets_of(pcms, await _names(bus) if pcms else {}), on_change)
                await heard.wait()
        finally:
            closed.cancel()

    def _set(self, found: tuple[Headset, ...], on_change: Callable[[], None]) -> None:
        self._has_looked.set()
        if found != self._current:
            self._current = found
            on_change()


async def _names(bus: SystemBus) -> Objects:
    """BlueZ's devices; without the right to see them, a headset goes by its address."""
    try:
        return await bus.objects(_BLUEZ)
    except BusFailed as error:
        logger.info("The names of headsets are not known: %s", error)
        return {}


def headsets_of(pcms: Objects, bluez: Objects) -> tuple[Headset, ...]:
    """From bluez-alsa's PCMs, with the names that BlueZ has for the devices. Latest last. Pure."""
    playing = [
        properties
        for interfaces in pcms.values()
        if (properties := interfaces.get(_PCM)) and properties.get("Mode") == "sink"
    ]
    latest: dict[str, tuple[int, Headset]] = {}
    # Those with a microphone last, so that a headset that can do both is used with it.
    for properties in sorted(playing, key=lambda each: each["Transport"] in _WITH_MICROPHONE):
        path = str(properties["Device"])
        address = path.rpartition("/dev_")[2].replace("_", ":")
        name = bluez.get(path, {}).get(_DEVICE, {}).get("Alias") or address
        headset = Headset(address, name, properties["Transport"] in _WITH_MICROPHONE)
        latest[path] = properties.get("Sequence", 0), headset
    return tuple(headset for _, headset in sorted(latest.values(), key=lambda each: each[0]))
