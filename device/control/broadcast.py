"""Several who hear of the same thing, in one event loop."""

from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Broadcast(Generic[Thing]):
    """``tell`` reaches everybody who watches at that moment, in the order in which they came."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[Thing], None]] = []

    def watch(self, watcher: Callable[[Thing], None]) -> Callable[[], None]:
        """Returns what stops it; stopping twice is stopping once."""
        self._watchers.append(watcher)

        def stop() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return stop

    def tell(self, thing: Thing) -> None:
        for watcher in list(self._watchers):
            watcher(thing)
