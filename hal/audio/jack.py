"""Whether a plug is in a jack, from the kernel's input devices (linux/input.h)."""

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

_EVENT = struct.Struct("llHHi")
"""struct input_event: time, type, code, value."""
_EV_SW = 0x05
_HEADPHONE, _LINE_OUT = 0x02, 0x06
"""SW_HEADPHONE_INSERT, SW_LINEOUT_INSERT: the numbers of the bits."""
_STATE_BYTES = 2
_EVIOCGSW = 2 << 30 | _STATE_BYTES << 16 | ord("E") << 8 | 0x1B
"""Reads the state of all switches as a bit field."""


def switches_of(fd: int) -> int:
    """The bit field of an open input device. Raises OSError."""
    state = fcntl.ioctl(fd, _EVIOCGSW, bytes(_STATE_BYTES))
    return int.from_bytes(state, "little")


def find_jack(name: str, root: Path = Path("/")) -> Path | None:
    """The device file of the input device of that name; None when there is none now."""
    for event in sorted((root / "sys/class/input").glob("event*")):
        try:
            if (event / "device/name").read_text().strip() == name:
                return root / "dev/input" / event.name
        except OSError:  # it went while one looked
            continue
    return None


def is_plugged(
    name: str, root: Path = Path("/"), switches: Callable[[int], int] = switches_of
) -> bool:
    """A jack that is not there, or may not be read (group input), has no plug in."""
    path = find_jack(name, root)
    if path is None:
        return False
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return bool(switches(fd) & (1 << _HEADPHONE | 1 << _LINE_OUT))
    except OSError:
        return False
    finally:
        os.close(fd)


class JackEvents:
    """Readable when a plug went in or out. Raises OSError when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._fd

    def read(self) -> bool:
        """Take in what is there; whether a switch moved. Raises OSError when it has gone."""
        events = os.read(self._fd, 64 * _EVENT.size)
        if not events:
            raise OSError("the input device has ended")
        whole = events[: len(events) // _EVENT.size * _EVENT.size]
        return any(kind == _EV_SW for _, _, kind, _, _ in _EVENT.iter_unpack(whole))

    def close(self) -> None:
        os.close(self._fd)
