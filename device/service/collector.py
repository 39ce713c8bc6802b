"""Garbage collection of a process that runs for months, and must not stand still.

A full collection of Python's walks all objects that live, with the GIL held: 33 ms for a unit that has
just been started and 0.4 s for an exchange with 2,000 units, on a machine that is some ten times as fast
as the target board.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

WHOLE_EVERY = 100
"""Full collections, of which one walks everything: what became garbage after it was set aside goes."""
_OLDEST = 2


@contextmanager
def in_short_pauses() -> Iterator[None]:
    """While in it, what has survived a full collection is set aside (gc.freeze), so that the next one
    walks only what has been made since."""
    full = 0

    def look(phase: str, info: Mapping[str, int]) -> None:
        nonlocal full
        if info["generation"] != _OLDEST:
            return
        if phase == "stop":
            gc.freeze()
            return
        full += 1
        if full % WHOLE_EVERY == 0:
            gc.unfreeze()

    gc.callbacks.append(look)
    try:
        gc.collect()  # what the imports have made lives for ever
        yield
    finally:
        gc.callbacks.remove(look)
        gc.unfreeze()
