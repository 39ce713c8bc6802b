"""The board, from a tree of files that stands in for the kernel's."""

from pathlib import Path

from hal import Board
from hal.board import BoardStatus, LinuxBoard, SimulatedBoard

PI = {
    "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: ARMv7\n\nHardware\t: BCM2835\nRevision\t: 902120\n",
    "proc/meminfo": "MemTotal:   436664 kB\nMemAvailable:  250000 kB\nCmaFree:  1024 kB\n",
    "sys/class/thermal/thermal_zone0/temp": "51540\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
}


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
        throttled_bits=0x50005,
    )


def test_a_machine_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    status = LinuxBoard(tmp_path).read()
    assert status == BoardStatus("unknown", None, None, None, None, None, None)


def test_a_desktop_says_its_processor(tmp_path: Path) -> None:
    files = {"proc/cpuinfo": "model name\t: Some CPU @ 2.0GHz\nmodel name\t: Some CPU @ 2.0GHz\n"}
    assert LinuxBoard(tree(tmp_path, files)).read().model == "Some CPU @ 2.0GHz"


def test_nonsense_is_not_taken_for_a_value(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemTotal: lots kB\nMemAvailable:\n",
        "sys/class/thermal/thermal_zone0/temp": "warm",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "no",
    }
    status = LinuxBoard(tree(tmp_path, files)).read()
    assert status == BoardStatus("unknown", None, None, None, None, None, None)


def test_frost_is_a_temperature(tmp_path: Path) -> None:
    files = {"sys/class/thermal/thermal_zone0/temp": "-4500"}
    assert LinuxBoard(tree(tmp_path, files)).read().temperature_c == -4.5


def test_this_machine_has_memory() -> None:
    total = LinuxBoard().read().memory_total_bytes
    assert total is not None
    assert total > 64 * 1024 * 1024


def test_a_simulated_board_says_what_it_was_told() -> None:
    hot = BoardStatus("x", None, 1, 1, None, 85.0, 4)
    boards: list[Board] = [SimulatedBoard(hot), SimulatedBoard()]
    assert boards[0].read() == hot
    assert boards[1].read().throttled_bits == 0
