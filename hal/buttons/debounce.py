"""From contacts that chatter to edges that count once. Pure: the time is an argument."""

from dataclasses import dataclass

from hal.buttons.protocol import Edge


@dataclass(frozen=True, slots=True)
class ButtonTiming:
    """``debounce_s``: how long contacts may chatter. ``hold_s``: when a press becomes a hold."""

    debounce_s: float = 0.03
    hold_s: float = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError for a time below 0, and for one that is not a number."""
        for name, value in (("debounce_s", self.debounce_s), ("hold_s", self.hold_s)):
            if not 0 <= value < 3600:
                raise ValueError(f"{name} must be between 0 and 3600 seconds, not {value}")


TimedEdge = tuple[Edge, int]
"""An edge and when it happened, in ns."""


class Debouncer:
    """One button.

    A press counts at its first contact and the chatter after it is ignored; a release counts once
    the line has been open for ``debounce_s``, with the time at which it opened. HELD comes only
    while the contact is closed, so never after the finger has gone. Not thread-safe.
    """

    def __init__(self, timing: ButtonTiming) -> None:
        self._debounce_ns = round(timing.debounce_s * 1e9)
        self._hold_ns = round(timing.hold_s * 1e9)
        self._is_pressed = False
        self._hold_due_ns: int | None = None
        self._opened_ns: int | None = None

    @property
    def due_ns(self) -> int | None:
        """When ``settle`` has something to say if the contact stays as it is; None: never."""
        if not self._is_pressed:
            return None
        if self._opened_ns is not None:
            return self._opened_ns + self._debounce_ns
        return self._hold_due_ns

    def contact(self, is_closed: bool, now_ns: int) -> list[TimedEdge]:
        """The line was seen to close or open. Returns what that, and the time before, amount to."""
        edges = self.settle(now_ns)
        if not self._is_pressed:
            if is_closed:
                self._is_pressed = True
                self._hold_due_ns = now_ns + self._hold_ns
                edges.append((Edge.PRESSED, now_ns))
        elif is_closed:
            self._opened_ns = None
        elif self._opened_ns is None:
            self._opened_ns = now_ns
        return edges

    def settle(self, now_ns: int) -> list[TimedEdge]:
        """What became due by ``now_ns``; each edge is returned once."""
        due_ns = self.due_ns
        if due_ns is None or now_ns < due_ns:
            return []
        if self._opened_ns is None:
            self._hold_due_ns = None
            return [(Edge.HELD, due_ns)]
        released_ns, self._opened_ns = self._opened_ns, None
        self._is_pressed = False
        self._hold_due_ns = None
        return [(Edge.RELEASED, released_ns)]
