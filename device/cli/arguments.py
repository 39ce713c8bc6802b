"""What an argument may be; argparse tells the person what it may not."""

import argparse
import contextlib
from collections.abc import Callable


def seconds(least: float, most: float) -> Callable[[str], float]:
    """Seconds within these bounds, both included."""

    def parsed(text: str) -> float:
        with contextlib.suppress(ValueError):
            value = float(text)
            if least <= value <= most:
                return value
        raise argparse.ArgumentTypeError(f"it must be {least:g} to {most:g} seconds")

    return parsed
