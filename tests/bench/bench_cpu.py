"""CPU of a unit in a two-way 720p30 call, beside stock aiortc and beside Chromium in the same call."""

from collections.abc import Iterator
from typing import Any

from tests.bench.cost import Cost, measure


def run() -> Iterator[dict[str, Any]]:
    ours, stock = measure("ours"), measure("stock")
    without = ours.unit_cpu - ours.unit_encoder_cpu
    yield _line("without the encoder", without, "Chromium", ours.chromium_cpu, ours, "<= 0.5")
    yield _line("with the encoder", ours.unit_cpu, "Chromium", ours.chromium_cpu, ours, None)
    yield _line("with the encoder", ours.unit_cpu, "stock aiortc", stock.unit_cpu, stock, None)


def _line(
    metric: str, ours: float, rival: str, theirs: float, call: Cost, bar: str | None
) -> dict[str, Any]:
    return {
        "metric": metric,
        "unit": "CPU s/s",
        "ours": round(ours, 3),
        "rival": rival,
        "theirs": round(theirs, 3),
        "ratio": round(ours / theirs, 3),
        "bar": bar,
        "bar_of": "ratio",
        "frames_per_s_in_chromium": round(call.chromium_frames_per_s, 1),
    }
