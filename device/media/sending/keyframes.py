"""Stands between the peers' wishes for a keyframe and the encoder: one is expensive, all want it."""

from collections.abc import Callable
from typing import Protocol

INTERVAL_S = 0.3
"""At most one keyframe in so long, whoever asks; a 34 KB IDR every 300 ms is 0.9 Mb/s."""


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None: ...


class KeyframeGate:
    """Joins requests that come close together into one. Call in the event loop."""

    def __init__(
        self,
        request: Callable[[], None],
        now_s: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._request = request
        self._now_s = now_s
        self._call_at = call_at
        self._last_s = float("-inf")
        self._is_on_its_way = False
        self._due: Timer | None = None
        self._is_closed = False
        self.asked = 0
        self.made = 0

    def ask(self, at_once: bool = False) -> None:
        """A peer wants a keyframe. ``at_once``: it has just connected and sees nothing yet, so it
        waits for nothing but a keyframe that is already on its way."""
        if self._is_closed:
            return
        self.asked += 1
        if self._now_s() >= self._last_s + INTERVAL_S or (at_once and not self._is_on_its_way):
            self._make()
        elif self._due is None and not (at_once and self._is_on_its_way):
            self._due = self._call_at(self._last_s + INTERVAL_S, self._make)

    def came(self) -> None:
        """The encoder gave a keyframe, asked for or not: everybody who waited has one now."""
        self._is_on_its_way = False
        self._last_s = self._now_s()
        self._forget_due()

    def close(self) -> None:
        """Nothing is requested any more."""
        self._is_closed = True
        self._forget_due()

    def _forget_due(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _make(self) -> None:
        self._forget_due()
        self._last_s = self._now_s()
        self._is_on_its_way = True
        self.made += 1
        self._request()
