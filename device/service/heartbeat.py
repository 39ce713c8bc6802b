"""Feeds systemd's watchdog from the event loop, as long as there is proof that things go well."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from device.service.manager import ServiceManager
from device.service.standstill import Standstill
from device.session.clock import LoopClock
from device.session.ports import Clock, Timer

logger = logging.getLogger(__name__)

BEAT_S = 2.0
"""At most; a shorter watchdog is fed four times in its period."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is, in words, and what stands still."""

    words: str
    standstill: Standstill | None = None


@contextmanager
def beating(look: Callable[[float], Health]) -> Iterator[None]:
    """Ready at the beginning, stopping at the end; in between the heart of this process beats. In the
    event loop."""
    manager = ServiceManager.of()
    heartbeat = Heartbeat(manager, LoopClock(), look)
    heartbeat.start()
    try:
        yield
    finally:
        heartbeat.stop()
        manager.close()


class Heartbeat:
    """A beat is a turn of the event loop: a loop that hangs feeds nothing.

    While something stands still it does not feed either, and says why. If that moves again before the
    watchdog's time is over, so does the feeding.
    """

    def __init__(
        self, manager: ServiceManager, clock: Clock, look: Callable[[float], Health]
    ) -> None:
        """``look`` is asked with each beat, with the time in seconds."""
        self._manager = manager
        self._clock = clock
        self._look = look
        self._timer: Timer | None = None
        self._words = ""
        self._is_still = False
        limit_s = manager.watchdog_s
        self._pause_s = BEAT_S if limit_s is None else min(BEAT_S, limit_s / 4)

    def start(self) -> None:
        """Say that the service is ready, and beat from now on. Nothing without systemd."""
        if self._manager.is_there:
            self._manager.ready()
            self._beat()

    def stop(self) -> None:
        """Say that it ends. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._manager.stopping()

    def _beat(self) -> None:
        # A defect in the look ends the beat: the loop logs it, and the watchdog does the rest.
        now_s = self._clock.now_s()
        health = self._look(now_s)
        self._judge(health.standstill)
        self._say(health)
        self._timer = self._clock.call_at(now_s + self._pause_s, self._beat)

    def _judge(self, standstill: Standstill | None) -> None:
        if standstill is None:
            self._manager.alive()
        elif not self._is_still:
            logger.error(
                "%s: the watchdog is not fed any more.",
                standstill,
                extra={"journal": {"CALLBOX_STANDSTILL": standstill.flow.part.value}},
            )
        if self._is_still and standstill is None:
            logger.warning("Media moves again: the watchdog is fed.")
        self._is_still = standstill is not None

    def _say(self, health: Health) -> None:
        words = health.words
        if health.standstill is not None:
            words = f"{health.standstill}; the watchdog is not fed. {words}"
        if words != self._words:
            self._words = words
            self._manager.status(words)
