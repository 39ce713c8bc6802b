"""What all commands print alike: JSON, and colour where there is a terminal that wants it."""

import json
import os
import sys
from enum import Enum
from io import TextIOWrapper
from typing import Any, TextIO

import msgspec


class Colour(Enum):
    """ANSI's codes."""

    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BOLD = "1"
    DIM = "2"


def make_ready() -> None:
    """Standard output and error that take whatever is printed: nowhere, where they are closed
    (``>&-``), and a question mark for what the encoding of the terminal does not have."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def discard_output() -> None:
    """What is left to be printed goes nowhere: who read has gone, or there is no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wants_colour(out: TextIO) -> bool:
    """A terminal, unless NO_COLOR is set (no-color.org) or it is a dumb one."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(words: str, colour: Colour, out: TextIO | None = None) -> str:
    """In this colour, or as it is where no colour is wanted."""
    if not wants_colour(out or sys.stdout):
        return words
    return f"\x1b[{colour.value}m{words}\x1b[0m"


def print_json(value: Any, indent: int | None = 2) -> None:
    """Readings, too. ``indent`` None: on one line."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    plain = msgspec.to_builtins(value)
    print(json.dumps(plain, indent=indent, ensure_ascii=not is_unicode), flush=True)


def printable(text: str) -> str:
    """A text from elsewhere, such as a headset's name, without what would steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def duration(seconds: float) -> str:
    """``3 h 12 min``: the two largest units."""
    left = round(seconds)
    parts: list[str] = []
    for name, size_s in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size_s)
        if count or parts:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def kbps(bits_per_s: float | None) -> str:
    return "?" if bits_per_s is None else f"{bits_per_s / 1000:.0f} kbit/s"


def ms(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds * 1000:.0f} ms"
