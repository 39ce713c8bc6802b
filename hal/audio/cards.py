"""The sound cards that the kernel has right now, from /proc/asound."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"^\s*(\d+) \[(\S+)\s*\]: \S+ - (.*)$")


@dataclass(frozen=True, slots=True)
class SoundCard:
    """``id``: the name that ALSA's ``CARD=`` takes; ``name``: for people. It ``plays`` or
    ``captures`` when this process may open a device for it: udev sets the permissions of a new
    card a moment after the kernel has made it."""

    number: int
    id: str
    name: str
    is_usb: bool
    plays: bool
    captures: bool


def sound_cards(root: Path = Path("/")) -> tuple[SoundCard, ...]:
    """All cards, in the order of their numbers; none without ALSA. ``root`` stands in for /."""
    try:
        text = (root / "proc/asound/cards").read_text(errors="replace")
    except OSError:
        return ()
    found = (_LINE.match(line) for line in text.splitlines())
    return tuple(_card(root, int(line[1]), line[2], line[3].strip()) for line in found if line)


def _card(root: Path, number: int, name: str, title: str) -> SoundCard:
    return SoundCard(
        number=number,
        id=name,
        name=title,
        is_usb=(root / f"proc/asound/card{number}/usbid").exists(),
        plays=_may_open(root, number, "p"),
        captures=_may_open(root, number, "c"),
    )


def _may_open(root: Path, number: int, direction: str) -> bool:
    devices = (root / "dev/snd").glob(f"pcmC{number}D*{direction}")
    return any(os.access(device, os.R_OK | os.W_OK) for device in devices)
