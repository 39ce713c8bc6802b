"""Which board this is and how it feels, from the kernel's own files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BoardStatus:
    """A reading; None where this board or kernel does not say."""

    model: str
    revision: str | None
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    cma_free_bytes: int | None
    temperature_c: float | None
    throttled_bits: int | None
    """Raspberry Pi firmware's bit field: 0 under-voltage, 1 frequency capped, 2 throttled,
    3 soft temperature limit; the same from bit 16 on: has happened since boot."""


class Board(Protocol):
    """Reads the state of the board; never raises for a value that is not there."""

    def read(self) -> BoardStatus:
        """One reading, in about a millisecond."""


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return None


def _fields(path: Path) -> dict[str, str]:
    lines = (_text(path) or "").splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _kib(fields: dict[str, str], key: str) -> int | None:
    number = fields.get(key, "").split(" ")[0]
    return int(number) * 1024 if number.isdigit() else None


class LinuxBoard:
    """The board through /proc and /sys. ``root`` stands in for / in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def read(self) -> BoardStatus:
        cpu = _fields(self._root / "proc/cpuinfo")
        memory = _fields(self._root / "proc/meminfo")
        model = _text(self._root / "proc/device-tree/model") or cpu.get("model name")
        heat = _text(self._root / "sys/class/thermal/thermal_zone0/temp")
        throttled = _text(self._root / "sys/devices/platform/soc/soc:firmware/get_throttled")
        return BoardStatus(
            model=model or "unknown",
            revision=cpu.get("Revision"),
            memory_total_bytes=_kib(memory, "MemTotal"),
            memory_available_bytes=_kib(memory, "MemAvailable"),
            cma_free_bytes=_kib(memory, "CmaFree"),
            temperature_c=int(heat) / 1000 if heat and heat.lstrip("-").isdigit() else None,
            throttled_bits=_hex(throttled),
        )


def _hex(text: str | None) -> int | None:
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None


class SimulatedBoard:
    """A board that says what it was told to say."""

    def __init__(self, status: BoardStatus | None = None) -> None:
        mib = 1024 * 1024
        self.status = status or BoardStatus(
            model="Simulated board",
            revision=None,
            memory_total_bytes=512 * mib,
            memory_available_bytes=300 * mib,
            cma_free_bytes=None,
            temperature_c=45.0,
            throttled_bits=0,
        )

    def read(self) -> BoardStatus:
        return self.status
