"""Whether a benchmark's line meets its bar: ``"bar": "<= 3"``, of ``ours`` or what ``bar_of`` names."""

import operator
from collections.abc import Callable
from typing import Any

COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


def is_met(line: dict[str, Any]) -> bool | None:
    """None for a line that has no bar; False where there is a bar and no figure."""
    bar, value = line.get("bar"), line[line.get("bar_of", "ours")]
    if bar is None:
        return None
    sign, _, limit = bar.partition(" ")
    return value is not None and COMPARE[sign](value, float(limit))
