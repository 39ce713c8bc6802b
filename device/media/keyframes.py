"""Stands between the peers' wishes for a keyframe and the encoder: one is expensive, all want it."""

from collections.abc import Callable

INTERVAL_S = 0.3
"""At most one keyframe in so long, whoever asks; a 34 KB IDR every 300 ms is 0.9 Mb/s."""


class KeyframeGate:
    """Joins requests that come close together into one. Call in the event loop."""

    def __init__(
        self,
        request: Callable[[], None],
        now_s: Callable[[], float],
        call_at: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._request = request
        self._now_s = now_s
        self._call_at = call_at
        self._last_s = float("-inf")
        self._is_due = False
        self.asked = 0
        self.made = 0

    def ask(self, at_once: bool = False) -> None:
        """A peer wants a keyframe. ``at_once``: it has just connected and sees nothing yet."""
        self.asked += 1
        now_s = self._now_s()
        if at_once or now_s >= self._last_s + INTERVAL_S:
            self._make()
        elif not self._is_due:
            self._is_due = True
            self._call_at(self._last_s + INTERVAL_S, self._make_due)

    def _make_due(self) -> None:
        if self._is_due:
            self._make()

    def _make(self) -> None:
        self._is_due = False
        self._last_s = self._now_s()
        self.made += 1
        self._request()
