"""From an encoded frame in the camera's thread to its last packet, for the last peer, with the kernel.

Keyframes are apart: they are paced, and stock aiortc sends them in one burst.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal import VideoFormat
from tests.bench import tape
from tests.bench.bench_fanout import connect, receivers, sender
from tests.bench.child import Child

PEERS = {1: "<= 1", 4: "<= 3"}
WARM_UP_S = 2.0
MEASURED_S = 12.0


@dataclass(frozen=True, slots=True)
class Latencies:
    """In milliseconds, sorted."""

    ordinary: list[float]
    keyframes: list[float]


def run() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tape.json"
        tape.record(VideoFormat()).save(path)
        ours, stock = _measure("ours", path), _measure("stock", path)
    for count, bar in PEERS.items():
        mine, theirs = ours[count].ordinary, stock[count].ordinary
        yield _line(f"p95, {_peers(count)}", _quantile(mine, 0.95), _quantile(theirs, 0.95), bar)
        yield _line(f"median, {_peers(count)}", _quantile(mine, 0.5), _quantile(theirs, 0.5), None)
        mine, theirs = ours[count].keyframes, stock[count].keyframes
        yield _line(
            f"keyframes, median, {_peers(count)}",
            _quantile(mine, 0.5),
            _quantile(theirs, 0.5),
            None,
        )


def _measure(engine: str, path: Path) -> dict[int, Latencies]:
    measured = {}
    command = sender(engine, "timed-video", path)
    with Child(*command) as sending, receivers() as receiving:
        for count in range(1, max(PEERS) + 1):
            connect(sending, receiving, f"peer{count}")
            if count in PEERS:
                time.sleep(WARM_UP_S)
                sending.ask("latencies")
                time.sleep(MEASURED_S)
                measured[count] = _sorted(sending.ask("latencies"))
    return measured


def _sorted(times: list[tuple[float, bool]]) -> Latencies:
    least = MEASURED_S * VideoFormat().frame_rate_hz * 0.9
    assert len(times) > least, f"only {len(times)} frames were sent"
    keyframes = sorted(time_ms for time_ms, is_keyframe in times if is_keyframe)
    return Latencies(sorted(ms for ms, is_keyframe in times if not is_keyframe), keyframes)


def _peers(count: int) -> str:
    return "1 peer" if count == 1 else f"{count} peers"


def _quantile(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(share * len(times)))]


def _line(metric: str, ours: float, theirs: float, bar: str | None) -> dict[str, Any]:
    return {
        "metric": metric,
        "unit": "ms",
        "ours": round(ours, 2),
        "rival": "stock aiortc, passing through",
        "theirs": round(theirs, 2),
        "ratio": round(ours / theirs, 2),
        "bar": bar,
    }
