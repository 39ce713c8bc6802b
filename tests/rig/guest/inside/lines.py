"""gpio-sim's lines, as somebody with a finger and a voltmeter has them."""

from pathlib import Path

CHIP = Path("/sys/devices/platform/gpio-sim.0/gpiochip0")


def press(line: int) -> None:
    (CHIP / f"sim_gpio{line}" / "pull").write_text("pull-down")


def release(line: int) -> None:
    (CHIP / f"sim_gpio{line}" / "pull").write_text("pull-up")


def level(line: int) -> bool:
    return (CHIP / f"sim_gpio{line}" / "value").read_text().strip() == "1"
