"""Memory of a unit in a two-way 720p30 call, beside Chromium in the same call."""

from collections.abc import Iterator
from typing import Any

from tests.bench.cost import measure

MIB = 2**20


def run() -> Iterator[dict[str, Any]]:
    call = measure("ours")
    ours, theirs = call.unit_resident_bytes, call.chromium_proportional_bytes
    yield {
        "metric": "resident memory (Chromium: proportional set of all processes)",
        "unit": "MiB",
        "ours": round(ours / MIB, 1),
        "rival": "Chromium",
        "theirs": round(theirs / MIB, 1),
        "ratio": round(ours / theirs, 3),
        "bar": "<= 120",
        "ours_proportional": round(call.unit_proportional_bytes / MIB, 1),
    }
