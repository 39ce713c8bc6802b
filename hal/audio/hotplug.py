"""Sound cards and jacks that come and go: udev's events, and the kernel's input devices."""

import logging
import os
import select
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from hal.audio.jack import JackEvents, find_jack

logger = logging.getLogger(__name__)

_NETLINK_KOBJECT_UEVENT = 15
_UDEV_GROUP = 2
"""What udevd sends on once its rules have set permissions; 1 would be the kernel's own."""
_MESSAGE_BYTES = 8192
_SETTLED_S = 0.05
"""A card comes and goes in a dozen events, of which each device of it has its own."""
_MOST_EVENTS = 100
_SUBSYSTEMS = (b"SUBSYSTEM=sound\0", b"SUBSYSTEM=input\0")
"""The properties stand in a message as KEY=value, in any order, each with a zero after it (systemd's
sd-device)."""


def udev_events() -> socket.socket:
    """Each datagram is an event. Raises OSError where AF_NETLINK is forbidden."""
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    events = socket.socket(socket.AF_NETLINK, kind, _NETLINK_KOBJECT_UEVENT)
    events.bind((0, _UDEV_GROUP))
    return events


class Hotplug:
    """A HotplugSource: one thread that waits for udev and for all jacks."""

    def __init__(
        self,
        jacks: Iterable[str] = (),
        root: Path = Path("/"),
        connect: Callable[[], socket.socket] = udev_events,
    ) -> None:
        """``jacks``: the names of their input devices. ``root`` stands in for /."""
        self._jacks = frozenset(jacks)
        self._root = root
        self._connect = connect
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    def start(self, on_change: Callable[[], None]) -> None:
        try:
            events = self._connect()
        except OSError as error:
            logger.warning(
                "Sound cards that come or go will not be noticed (%s). "
                "Does the unit's RestrictAddressFamilies= lack AF_NETLINK?",
                error,
            )
            return
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        watch = _Watch(self._wake, events, self._open_jacks, on_change)
        self._thread = threading.Thread(target=watch.run, name="hotplug", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        wake, self._wake = self._wake, None
        if thread is None or wake is None:
            return
        os.eventfd_write(wake, 1)
        if thread is not threading.current_thread():
            thread.join()
        os.close(wake)

    def _open_jacks(self) -> list[JackEvents]:
        opened = []
        for name in self._jacks:
            path = find_jack(name, self._root)
            try:
                if path is not None:
                    opened.append(JackEvents(path))
            except OSError as error:
                logger.warning("The jack %s cannot be read (%s). Group input?", name, error)
        return opened


class _Watch:
    """From one start to its stop, in the thread."""

    def __init__(
        self,
        wake: int,
        events: socket.socket,
        open_jacks: Callable[[], list[JackEvents]],
        on_change: Callable[[], None],
    ) -> None:
        self._wake = wake
        self._events = events
        self._open_jacks = open_jacks
        self._on_change = on_change
        self._jacks = open_jacks()

    def run(self) -> None:
        self._on_change()  # for what came between the first look and this thread
        while True:
            waited: list[int | socket.socket | JackEvents]
            waited = [self._wake, self._events, *self._jacks]
            ready, _, _ = select.select(waited, [], [])
            if self._wake in ready:
                break
            moved = [self._has_moved(jack) for jack in self._jacks if jack in ready]
            if self._events in ready and self._is_ours():
                self._wait_settled()
                moved.append(True)
                self._close_jacks()
                self._jacks = self._open_jacks()  # one may have come with its card
            if any(moved):
                self._on_change()
        self._close_jacks()
        self._events.close()

    def _wait_settled(self) -> None:
        for _ in range(_MOST_EVENTS):
            if not select.select([self._events], [], [], _SETTLED_S)[0]:
                break
            self._is_ours()

    def _is_ours(self) -> bool:
        try:
            message = self._events.recv(_MESSAGE_BYTES)
        except OSError:  # ENOBUFS: there were more than fit
            return True
        return any(subsystem in message for subsystem in _SUBSYSTEMS)

    def _has_moved(self, jack: JackEvents) -> bool:
        try:
            return jack.read()
        except OSError:  # it went with its card, which is an event of its own
            jack.close()
            self._jacks.remove(jack)
            return True

    def _close_jacks(self) -> None:
        for jack in self._jacks:
            jack.close()
        self._jacks = []
