"""A picture (720p30, 2 Mb/s) over a network that loses packets, 40 ms there and back: how it freezes.

The rival is aiortc as it comes, receiving the same stream of the same unit, in a process of its own.
"""

import multiprocessing
import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

from tests.bench.video_watch import Engine, Trouble, Watched, watch

ROUNDS = 3
"""Each loses other packets; the same for both."""
LOSSES = (0.0, 0.01, 0.02, 0.05)
HELD_UP_TO = 0.02
"""The bar is for so much."""


def run() -> Iterator[dict[str, Any]]:
    for loss in LOSSES:
        ours, theirs = _both(Trouble(loss))
        name = f"{100 * loss:.0f} % lost"
        bar = "<= 400" if loss <= HELD_UP_TO else None
        yield _line(f"{name}: frozen", "ms/s", ours.frozen_ms_a_second, theirs.frozen_ms_a_second)
        yield _line(f"{name}: longest still, median", "ms", ours.longest_ms, theirs.longest_ms, bar)
    ours, theirs = _both(Trouble(0.0, loses_retransmissions=True))
    name = "a packet and its retransmission lost: longest still, median"
    yield _line(name, "ms", ours.longest_ms, theirs.longest_ms, "<= 400")


def _both(trouble: Trouble) -> tuple[Watched, Watched]:
    """The mean of what was frozen, the median of the longest."""
    return _rounds(Engine.OURS, trouble), _rounds(Engine.STOCK, trouble)


def _rounds(engine: Engine, trouble: Trouble) -> Watched:
    watched = [_in_process(engine, replace(trouble, seed=seed)) for seed in range(ROUNDS)]
    return Watched(
        statistics.mean(each.frozen_ms_a_second for each in watched),
        statistics.median(each.longest_ms for each in watched),
    )


def _in_process(engine: Engine, trouble: Trouble) -> Watched:
    """aiortc must not have been changed by the engine."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(watch, engine, trouble).result()


def _line(
    metric: str, unit: str, ours: float, theirs: float, bar: str | None = None
) -> dict[str, Any]:
    return {
        "metric": metric,
        "unit": unit,
        "ours": round(ours),
        "rival": "aiortc as it comes",
        "theirs": round(theirs),
        "ratio": round(ours / theirs, 2) if theirs else None,
        "bar": bar,
    }
