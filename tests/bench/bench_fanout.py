"""CPU of one stream to 1, 2, 4 and 8 peers in another process: ours, stock aiortc's, webrtcbin's.

720p30 at 2 Mb/s, encoded beforehand. What a further peer costs is the slope through the four.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hal import VideoFormat
from tests.bench import tape
from tests.bench.child import Child

PEERS = (1, 2, 4, 8)
ROUNDS = 2
"""All contestants in turn, the best of each counts: what else the machine does only ever adds."""
WARM_UP_S = 1.0
MEASURED_S = 3.0
UP_WITHIN_S = 20.0
GSTREAMER_PYTHON = "/usr/bin/python3"
"""Debian's, for python3-gst-1.0."""
GSTREAMER = Path(__file__).with_name("webrtcbin_process.py")


@dataclass(frozen=True, slots=True)
class Point:
    """``streams``: how many whole ones arrived, in packets of the best served peer. Where the machine
    is too busy, some peer gets less, and less was paid for."""

    peers: int
    cpu_ms: float
    streams: float


def run() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tape.json"
        tape.record(VideoFormat()).save(path)
        commands = [sender("ours", "video", path), sender("stock", "video", path)]
        if _has_gstreamer():
            commands.append((GSTREAMER_PYTHON, str(GSTREAMER), str(path)))
        ours, stock, *theirs = measure(*commands)
        yield _line(
            "video, a further peer", ours, "stock aiortc, passing through", stock, "<= 0.333"
        )
        encoding = _encoding(path)
        yield _further("video, a further peer", ours, "stock aiortc, encoding", encoding, "<= 0.01")
        yield _gstreamer(ours, *theirs)
        ours_audio, stock_audio = measure(
            sender("ours", "audio", path), sender("stock", "audio", path)
        )
        yield _line("audio, a further peer", ours_audio, "stock aiortc", stock_audio, "<= 0.2")


def sender(engine: str, kind: str, path: Path) -> tuple[str, ...]:
    return sys.executable, "-m", "tests.bench.sender_process", engine, kind, str(path)


def connect(sending: Child, receiving: Child, peer: str) -> None:
    """Returns when the first packet is there. Raises TimeoutError."""
    answer = receiving.ask("answer", peer=peer, offer=sending.ask("offer", peer=peer))
    sending.ask("accept", peer=peer, answer=answer)
    until_s = time.monotonic() + UP_WITHIN_S
    while not receiving.ask("packets")[peer]:
        if time.monotonic() > until_s:
            raise TimeoutError(f"{peer} was sent nothing")
        time.sleep(0.05)


def receivers() -> Child:
    return Child(sys.executable, "-m", "tests.bench.receivers_process")


def measure(*commands: tuple[str, ...]) -> list[list[Point]]:
    """Of each command, a point for each of PEERS."""
    rounds = [[_fan_out(*command) for command in commands] for _ in range(ROUNDS)]
    return [
        [min(tries, key=_cost) for tries in zip(*each, strict=True)]
        for each in zip(*rounds, strict=True)
    ]


def _cost(point: Point) -> float:
    return point.cpu_ms / point.streams


def _fan_out(*command: str) -> list[Point]:
    points = []
    with Child(*command) as sending, receivers() as receiving:
        for count in range(1, PEERS[-1] + 1):
            connect(sending, receiving, f"peer{count}")
            if count in PEERS:
                points.append(_measure(count, sending, receiving))
    return points


def _measure(peers: int, sending: Child, receiving: Child) -> Point:
    time.sleep(WARM_UP_S)
    before, had = sending.ask("cost"), receiving.ask("packets")
    time.sleep(MEASURED_S)
    after, has = sending.ask("cost"), receiving.ask("packets")
    seconds = after["at_s"] - before["at_s"]
    cpu = (after["cpu_s"] - before["cpu_s"]) / seconds * 1000
    got = [has[peer] - had[peer] for peer in has]
    return Point(peers, cpu, sum(got) / max(got))


def _slope(points: list[Point]) -> float:
    streams, costs = [each.streams for each in points], [each.cpu_ms for each in points]
    return statistics.linear_regression(streams, costs).slope


def _by_peers(points: list[Point]) -> dict[int, float]:
    return {each.peers: round(each.cpu_ms, 1) for each in points}


def _encoding(path: Path) -> float:
    """CPU ms per second of 30 frames, of one peer. One alone is more than a core, so that no further
    one can be measured; but nothing of it is shared."""
    with Child(*sender("encoding", "video", path)) as sending, receivers() as receiving:
        connect(sending, receiving, "peer1")
        time.sleep(WARM_UP_S)
        before, had = sending.ask("cost"), sending.ask("given")
        time.sleep(MEASURED_S)
        after, has = sending.ask("cost"), sending.ask("given")
    return (
        float(after["cpu_s"] - before["cpu_s"]) / (has - had) * VideoFormat().frame_rate_hz * 1000
    )


def _gstreamer(ours: list[Point], theirs: list[Point] | None = None) -> dict[str, Any]:
    if theirs is not None:
        return _line("video, a further peer", ours, "GStreamer webrtcbin", theirs, "<= 0.6")
    rival = f"GStreamer webrtcbin: not installed, see {GSTREAMER.name}"
    return _further("video, a further peer", ours, rival, None, "<= 0.6")


def _has_gstreamer() -> bool:
    try:
        check = subprocess.run([GSTREAMER_PYTHON, str(GSTREAMER)], capture_output=True, timeout=60)
    except OSError:
        return False
    return check.returncode == 0


def _line(
    metric: str, ours: list[Point], rival: str, theirs: list[Point], bar: str
) -> dict[str, Any]:
    line = _further(metric, ours, rival, _slope(theirs), bar)
    return line | {"theirs_by_peers": _by_peers(theirs)}


def _further(
    metric: str, ours: list[Point], rival: str, theirs: float | None, bar: str
) -> dict[str, Any]:
    return {
        "metric": metric,
        "unit": "CPU ms/s",
        "ours": round(_slope(ours), 2),
        "rival": rival,
        "theirs": round(theirs, 2) if theirs else None,
        "ratio": round(_slope(ours) / theirs, 4) if theirs else None,
        "bar": bar,
        "bar_of": "ratio",
        "ours_by_peers": _by_peers(ours),
        "streams_to_8_peers": round(ours[-1].streams, 2),
    }
