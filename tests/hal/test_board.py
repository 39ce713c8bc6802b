"""The board, from a tree of files that stands in for the kernel's."""

import fcntl
import struct
from pathlib import Path

import pytest

from hal import Board, Throttling, mailbox
from hal.board import BoardStatus, LinuxBoard, SimulatedBoard

PI = {
    "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: ARMv7\n\nHardware\t: BCM2835\nRevision\t: 902120\n",
    "proc/meminfo": "MemTotal:   436664 kB\nMemAvailable:  250000 kB\nCmaFree:  1024 kB\n",
    "sys/class/thermal/thermal_zone0/temp": "51540\n",
    "sys/block/mmcblk0/device/life_time": "0x01 0x03\n",
}


NOTHING = BoardStatus("unknown", None, None, None, None, None, None)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_pi_says_all(tmp_path: Path) -> None:
    assert LinuxBoard(tree(tmp_path, PI), lambda _: 0x50005).read() == BoardStatus(
        model="Raspberry Pi Zero 2 W Rev 1.0",
        memory_total_bytes=436664 * 1024,
        memory_available_bytes=250000 * 1024,
        cma_free_bytes=1024 * 1024,
        temperature_c=51.54,
        throttling=Throttling.UNDER_VOLTAGE
        | Throttling.THROTTLED
        | Throttling.UNDER_VOLTAGE_SEEN
        | Throttling.THROTTLED_SEEN,
        storage_wear_percent=30,
    )


def test_a_machine_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    status = LinuxBoard(tmp_path).read()
    assert status == NOTHING


def test_a_desktop_says_its_processor(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "model name\t: Some CPU @ 2.0GHz\nmodel name\t: Some CPU @ 2.0GHz\n"}
    assert LinuxBoard(tree(tmp_path, files)).read().model == "Some CPU @ 2.0GHz"


def test_nonsense_is_not_taken_for_a_value(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemTotal: lots kB\nMemAvailable:\n",
        "sys/class/thermal/thermal_zone0/temp": "warm",
        "sys/block/mmcblk0/device/life_time": "old",
    }
    status = LinuxBoard(tree(tmp_path, files)).read()
    assert status == NOTHING


def test_what_was_is_remembered_while_the_firmware_forgets(tmp_path: Path) -> None:
    bits = iter([0x0, 0x4, 0x80000, 0x0])
    board = LinuxBoard(tmp_path, lambda _: next(bits))
    assert board.read().throttling == Throttling(0)
    board.watch()
    board.watch()
    seen = Throttling.THROTTLED_SEEN | Throttling.SOFT_TEMPERATURE_LIMIT_SEEN
    assert board.read().throttling == seen


def test_bits_that_are_not_known_are_left_out(tmp_path: Path) -> None:
    board = LinuxBoard(tmp_path, lambda _: 0x100010)
    assert board.read().throttling == Throttling(0)


@pytest.mark.parametrize(
    ("name", "alarm", "seen"),
    [
        ("rpi_volt", "1", Throttling.UNDER_VOLTAGE_SEEN),
        ("rpi_volt", "0", Throttling(0)),
        ("rpi_volt", "", Throttling(0)),
        ("nvme", "1", Throttling(0)),
    ],
)
def test_what_the_kernel_made_the_firmware_forget_is_asked_of_the_kernel(
    tmp_path: Path, name: str, alarm: str, seen: Throttling
) -> None:
    """Within the last two seconds, which is not now."""
    files = {
        "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
        "sys/class/hwmon/hwmon1/name": f"{name}\n",
        "sys/class/hwmon/hwmon1/in0_lcrit_alarm": f"{alarm}\n",
    }
    assert LinuxBoard(tree(tmp_path, files), lambda _: 0).read().throttling == seen


def test_the_deprecated_file_of_the_kernel_is_left_alone(tmp_path: Path) -> None:
    path = "sys/devices/platform/soc/soc:firmware/get_throttled"
    assert LinuxBoard(tree(tmp_path, {path: "50005\n"})).read().throttling is None


@pytest.mark.parametrize(("status", "bits"), [(0x80000000, 0x50005), (0x80000001, None)])
def test_the_mailbox_is_asked_for_one_value_and_told_to_forget_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, bits: int | None
) -> None:
    asked: list[tuple[int, ...]] = []

    def answer(file: object, request: int, message: bytearray) -> int:
        asked.append((request, *struct.unpack("=7I", message)))
        struct.pack_into("=7I", message, 0, 28, status, 0x30046, 4, 0x80000004, 0x50005, 0)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", answer)
    device = tmp_path / "vcio"
    device.touch()
    assert mailbox.get_throttled(device) == bits
    assert asked == [(0xC0086400, 28, 0, 0x30046, 4, 0, 0, 0)]


def test_where_there_is_no_mailbox_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert mailbox.get_throttled(tmp_path / "nothing") is None
    assert mailbox.get_throttled(tmp_path / "file") is None


def test_frost_is_a_temperature(tmp_path: Path) -> None:
    files = {"sys/class/thermal/thermal_zone0/temp": "-4500"}
    assert LinuxBoard(tree(tmp_path, files)).read().temperature_c == -4.5


def test_this_machine_has_memory() -> None:
    total = LinuxBoard().read().memory_total_bytes
    assert total is not None
    assert total > 64 * 1024 * 1024


def test_a_simulated_board_says_what_it_was_told() -> None:
    hot = BoardStatus("x", 1, 1, None, 85.0, Throttling.THROTTLED, None)
    boards: list[Board] = [SimulatedBoard(hot), SimulatedBoard()]
    assert boards[0].read() == hot
    assert boards[1].read().throttling == Throttling(0)
