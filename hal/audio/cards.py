"""The sound cards that the kernel has right now, from /proc/asound."""

import re
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"^\s*(\d+) \[(\S+)\s*\]: \S+ - (.*)$")


@dataclass(frozen=True, slots=True)
class SoundCard:
    """``id``: the name that ALSA's ``CARD=`` takes; ``name``: for people."""

    number: int
    id: str
    name: str
    is_usb: bool
    plays: bool
    captures: bool


def sound_cards(root: Path = Path("/")) -> tuple[SoundCard, ...]:
    """All cards, in the order of their numbers; none without ALSA. ``root`` stands in for /."""
    asound = root / "proc/asound"
    try:
        text = (asound / "cards").read_text(errors="replace")
    except OSError:
        return ()
    found = (_LINE.match(line) for line in text.splitlines())
    return tuple(_card(asound, int(line[1]), line[2], line[3].strip()) for line in found if line)


def _card(asound: Path, number: int, name: str, title: str) -> SoundCard:
    folder = asound / f"card{number}"
    return SoundCard(
        number=number,
        id=name,
        name=title,
        is_usb=(folder / "usbid").exists(),
        plays=any(folder.glob("pcm*p")),
        captures=any(folder.glob("pcm*c")),
    )
