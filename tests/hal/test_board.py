"""The board, from a tree of files that stands in for the kernel's."""

from pathlib import Path

import pytest

from hal import Board, Throttling
from hal.board import BoardStatus, LinuxBoard, SimulatedBoard

PI = {
    "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: ARMv7\n\nHardware\t: BCM2835\nRevision\t: 902120\n",
    "proc/meminfo": "MemTotal:   436664 kB\nMemAvailable:  250000 kB\nCmaFree:  1024 kB\n",
    "sys/class/thermal/thermal_zone0/temp": "51540\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
    "sys/block/mmcblk0/device/life_time": "0x01 0x03\n",
}


NOTHING = BoardStatus("unknown", None, None, None, None, None, None, None)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_pi_says_all(tmp_path: Path) -> None:
    assert LinuxBoard(tree(tmp_path, PI)).read() == BoardStatus(
        model="Raspberry Pi Zero 2 W Rev 1.0",
        revision="902120",
        memory_total_bytes=436664 * 1024,
        memory_available_bytes=250000 * 1024,
        cma_free_bytes=1024 * 1024,
        temperature_c=51.54,
        throttling=Throttling.UNDER_VOLTAGE
        | Throttling.THROTTLED
        | Throttling.UNDER_VOLTAGE_SINCE_BOOT
        | Throttling.THROTTLED_SINCE_BOOT,
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
        "sys/devices/platform/soc/soc:firmware/get_throttled": "no",
        "sys/block/mmcblk0/device/life_time": "old",
    }
    status = LinuxBoard(tree(tmp_path, files)).read()
    assert status == NOTHING


def test_a_pi_5_has_its_firmware_elsewhere(tmp_path: Path) -> None:
    path = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"
    assert LinuxBoard(tree(tmp_path, {path: "0\n"})).read().throttling == Throttling(0)


def test_bits_that_are_not_known_are_left_out(tmp_path: Path) -> None:
    files = {"sys/devices/platform/soc/soc:firmware/get_throttled": "100011"}
    assert LinuxBoard(tree(tmp_path, files)).read().throttling is Throttling.UNDER_VOLTAGE


@pytest.mark.parametrize(
    ("alarm", "seen"), [("1", Throttling.UNDER_VOLTAGE), ("0", Throttling(0)), ("", None)]
)
def test_without_the_firmware_the_sensor_tells_of_the_voltage(
    tmp_path: Path, alarm: str, seen: Throttling | None
) -> None:
    files = {
        "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
        "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
        "sys/class/hwmon/hwmon1/in0_lcrit_alarm": f"{alarm}\n",
    }
    assert LinuxBoard(tree(tmp_path, files)).read().throttling == seen


def test_frost_is_a_temperature(tmp_path: Path) -> None:
    files = {"sys/class/thermal/thermal_zone0/temp": "-4500"}
    assert LinuxBoard(tree(tmp_path, files)).read().temperature_c == -4.5


def test_this_machine_has_memory() -> None:
    total = LinuxBoard().read().memory_total_bytes
    assert total is not None
    assert total > 64 * 1024 * 1024


def test_a_simulated_board_says_what_it_was_told() -> None:
    hot = BoardStatus("x", None, 1, 1, None, 85.0, Throttling.THROTTLED, None)
    boards: list[Board] = [SimulatedBoard(hot), SimulatedBoard()]
    assert boards[0].read() == hot
    assert boards[1].read().throttling == Throttling(0)
