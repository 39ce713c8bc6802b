"""The hardware of a unit on a desk: none. Tests and benchmarks have it, too."""

from collections.abc import Mapping

DESK: Mapping[str, str] = {
    "camera": "simulated",
    "audio": "simulated",
    "buttons": "simulated",
    "board": "simulated",
}
"""Rows of the table [hardware] of callbox.toml."""
