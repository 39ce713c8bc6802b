"""Hears what foreign threads report, and waits for it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

PATIENCE_S = 15.0
"""Far above what anything here takes: a test that waits so long has failed."""


class Heard(Generic[Item]):
    """A sink that keeps what it is given."""

    def __init__(self, then: Callable[[Item, int], None] | None = None) -> None:
        """``then`` is called in the reporting thread with each item and its number, from 1."""
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._then = then

    def __call__(self, item: Item) -> None:
        with self._changed:
            self._items.append(item)
            number = len(self._items)
            self._changed.notify_all()
        if self._then is not None:
            self._then(item, number)

    @property
    def items(self) -> list[Item]:
        with self._changed:
            return list(self._items)

    def wait(self, fits: Callable[[list[Item]], bool]) -> list[Item]:
        """What was heard once ``fits`` is true of it."""
        with self._changed:
            came = self._changed.wait_for(lambda: fits(self._items), PATIENCE_S)
            assert came, f"still not so after {PATIENCE_S:.0f} s and {len(self._items)} items"
            return list(self._items)

    def wait_count(self, count: int) -> list[Item]:
        return self.wait(lambda items: len(items) >= count)
