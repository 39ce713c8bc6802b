"""Decoded pictures that wait for their time. Pure."""

from collections import deque
from typing import Generic, TypeVar

MOST_HELD = 8
"""Of 1.4 MB each at 720p; more than any hold needs at 30 Hz."""

Picture = TypeVar("Picture")


class HeldPictures(Generic[Picture]):
    """In the order in which they were put."""

    def __init__(self) -> None:
        self._held: deque[tuple[float, Picture]] = deque()

    def put(self, picture: Picture, show_s: float) -> None:
        """To be shown then, but not before those put before it."""
        if self._held:
            show_s = max(show_s, self._held[-1][0])
        self._held.append((show_s, picture))

    def take(self, now_s: float) -> list[Picture]:
        """Those whose time has come, and the oldest of too many."""
        due = []
        while self._held and (self._held[0][0] <= now_s or len(self._held) > MOST_HELD):
            due.append(self._held.popleft()[1])
        return due

    def due_s(self) -> float | None:
        """When to take next."""
        return self._held[0][0] if self._held else None
