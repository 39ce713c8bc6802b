"""Which board this is and how it feels, from the kernel's own files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Flag
from pathlib import Path
from typing import Protocol

from hal import mailbox


class Throttling(Flag):
    """What keeps the processor from its full speed: the Raspberry Pi firmware's bit field, by the
    documentation of ``vcgencmd get_throttled``.

    SEEN: at some time since the Board was made. The firmware would remember from its start on, but the
    kernel's raspberrypi-hwmon makes it forget every two seconds.
    """

    UNDER_VOLTAGE = 1 << 0
    FREQUENCY_CAPPED = 1 << 1
    THROTTLED = 1 << 2
    SOFT_TEMPERATURE_LIMIT = 1 << 3
    UNDER_VOLTAGE_SEEN = 1 << 16
    FREQUENCY_CAPPED_SEEN = 1 << 17
    THROTTLED_SEEN = 1 << 18
    SOFT_TEMPERATURE_LIMIT_SEEN = 1 << 19


NOT_THROTTLED = Throttling(0)
_NOW_BITS = 0x0000F
_SEEN_BITS = 0xF0000


@dataclass(frozen=True, slots=True)
class BoardStatus:
    """A reading; None where this board or kernel does not say."""

    model: str
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    cma_free_bytes: int | None
    temperature_c: float | None
    throttling: Throttling | None
    storage_wear_percent: int | None
    """Of its life, in steps of 10, by an eMMC's own count; over 100 it is worn out. SD cards keep
    none."""


class Board(Protocol):
    """Reads the state of the board; never raises for a value that is not there."""

    def read(self) -> BoardStatus:
        """One reading, in about a millisecond."""

    def watch(self) -> None:
        """Remember what keeps the processor from its speed at this moment. Cheap; to be called every
        two seconds or so by whoever lives long."""


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
    """The board through /proc, /sys and the firmware's mailbox. ``root`` stands in for / in tests."""

    def __init__(
        self,
        root: Path = Path("/"),
        get_throttled: Callable[[Path], int | None] = mailbox.get_throttled,
    ) -> None:
        self._root = root
        self._get_throttled = get_throttled
        self._seen = NOT_THROTTLED

    def read(self) -> BoardStatus:
        cpu = _fields(self._root / "proc/cpuinfo")
        memory = _fields(self._root / "proc/meminfo")
        model = _text(self._root / "proc/device-tree/model") or cpu.get("model name")
        heat = _text(self._root / "sys/class/thermal/thermal_zone0/temp")
        return BoardStatus(
            model=model or "unknown",
            memory_total_bytes=_kib(memory, "MemTotal"),
            memory_available_bytes=_kib(memory, "MemAvailable"),
            cma_free_bytes=_kib(memory, "CmaFree"),
            temperature_c=int(heat) / 1000 if heat and heat.lstrip("-").isdigit() else None,
            throttling=self._throttling(),
            storage_wear_percent=self._storage_wear_percent(),
        )

    def _throttling(self) -> Throttling | None:
        bits = self._get_throttled(self._root / "dev/vcio")
        if bits is None:
            return None
        now = bits & _NOW_BITS
        self._seen |= Throttling(bits & _SEEN_BITS | now << 16)
        if self._voltage_alarm():
            self._seen |= Throttling.UNDER_VOLTAGE_SEEN
        return Throttling(now) | self._seen

    def _voltage_alarm(self) -> bool:
        """What raspberrypi-hwmon made the firmware forget when it asked last, within two seconds."""
        return any(
            _text(name) == "rpi_volt" and _text(name.with_name("in0_lcrit_alarm")) == "1"
            for name in self._root.glob("sys/class/hwmon/hwmon*/name")
        )

    def watch(self) -> None:
        self._throttling()

    def _storage_wear_percent(self) -> int | None:
        """JEDEC eMMC 5.0, DEVICE_LIFE_TIME_EST of two kinds of cells: 1 is up to 10 % used."""
        steps = list(self._numbers("sys/block/mmcblk*/device/life_time"))
        return 10 * max(steps) if steps else None

    def _numbers(self, pattern: str) -> Iterator[int]:
        """All hexadecimal ones in files of this name."""
        for path in sorted(self._root.glob(pattern)):
            for word in (_text(path) or "").split():
                try:
                    yield int(word, 16)
                except ValueError:
                    continue


class SimulatedBoard:
    """A board that says what it was told to say."""

    def __init__(self, status: BoardStatus | None = None) -> None:
        mib = 1024 * 1024
        self.status = status or BoardStatus(
            model="Simulated board",
            memory_total_bytes=512 * mib,
            memory_available_bytes=300 * mib,
            cma_free_bytes=None,
            temperature_c=45.0,
            throttling=NOT_THROTTLED,
            storage_wear_percent=None,
        )

    def read(self) -> BoardStatus:
        return self.status

    def watch(self) -> None:
        """It says what it was told to say."""
