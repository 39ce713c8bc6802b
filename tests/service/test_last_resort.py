"""What the last resort does about a unit that has failed: for which ends, and under whose hands.

The script itself, with `systemctl` and `sleep` of its own: time passes at once, and may bring a person.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.cli.main import DEFECT

SCRIPT = Path(__file__).parents[2] / "systemd" / "last-resort"
FAILED = {
    "ActiveState": "failed",
    "UnitFileState": "enabled",
    "Result": "exit-code",
    "ExecMainCode": "1",
    "ExecMainStatus": "1",
    "ExecMainStartTimestampMonotonic": "2000000",
    "ActiveEnterTimestampMonotonic": "1000000",
}
SYSTEMCTL = """#!/bin/sh
case $1 in
show) cat "$STATE/${2#--property=}" ;;
*) echo "$*" >>"$STATE/done" ;;
esac
"""
SLEEP = """#!/bin/sh
echo "$1" >>"$STATE/slept"
[ ! -e "$STATE/meanwhile" ] || . "$STATE/meanwhile"
"""
ANEW = ["reset-failed callbox.service", "start --no-block callbox.service"]
REBOOT = ["--no-block reboot"]


@dataclass
class Systemd:
    """Knows one unit. ``did`` is what was asked of it, ``slept_s`` how long it took."""

    folder: Path

    def __post_init__(self) -> None:
        for name, text in (("systemctl", SYSTEMCTL), ("sleep", SLEEP)):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o755)
        self.has(**FAILED)

    def has(self, **properties: str) -> None:
        for name, value in properties.items():
            (self.folder / name).write_text(f"{value}\n")

    def meanwhile(self, name: str, value: str) -> None:
        """A person changes that during the first sleep."""
        (self.folder / "meanwhile").write_text(f'echo {value} >"$STATE/{name}"')

    def last_resort(self, least_uptime_s: int = 0) -> str:
        """Its words."""
        path = f"{self.folder}:{os.environ['PATH']}"
        environment = {
            "PATH": path,
            "STATE": str(self.folder),
            "LEAST_UPTIME_S": str(least_uptime_s),
        }
        done = subprocess.run(
            [SCRIPT], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    @property
    def did(self) -> list[str]:
        file = self.folder / "done"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def slept_s(self) -> int:
        file = self.folder / "slept"
        return sum(map(int, file.read_text().split())) if file.exists() else 0


@pytest.fixture
def unit(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path)


@pytest.mark.parametrize(
    ("result", "code", "status"),
    [
        ("exit-code", "1", str(DEFECT)),
        ("watchdog", "2", "6"),
        ("watchdog", "2", "9"),
        ("core-dump", "3", "11"),
        ("signal", "2", "9"),
        ("timeout", "1", "0"),  # hung at the start, and ended in order on SIGTERM
        ("timeout", "2", "15"),
        ("timeout", "2", "9"),
    ],
)
def test_a_defect_a_signal_or_a_hang_restarts_the_machine(
    unit: Systemd, result: str, code: str, status: str
) -> None:
    unit.has(Result=result, ExecMainCode=code, ExecMainStatus=status)
    words = unit.last_resort()
    assert unit.did == REBOOT
    assert unit.slept_s == 60, "never without a minute's notice"
    assert "systemctl stop callbox-last-resort" in words


@pytest.mark.parametrize("status", ["1", "3", "203", "216", "226"])
def test_what_callbox_or_systemd_explains_is_tried_again(unit: Systemd, status: str) -> None:
    """203 and the like are systemd's own: a restart of the machine mends no installation."""
    unit.has(ExecMainStatus=status)
    assert "systemctl stop callbox-last-resort" in unit.last_resort()
    assert (unit.did, unit.slept_s) == (ANEW, 60)


def test_a_process_that_could_not_be_made_is_tried_again(unit: Systemd) -> None:
    unit.has(Result="resources", ExecMainCode="0", ExecMainStatus="0")
    unit.last_resort()
    assert unit.did == ANEW


def test_a_wrong_configuration_is_told_and_left(unit: Systemd) -> None:
    unit.has(ExecMainStatus="2")
    assert "Mend it" in unit.last_resort()
    assert unit.did == []


@pytest.mark.parametrize(("code", "status"), [("1", "0"), ("2", "15")])
def test_started_too_often_by_hand_it_is_started(unit: Systemd, code: str, status: str) -> None:
    unit.has(Result="start-limit-hit", ExecMainCode=code, ExecMainStatus=status)
    unit.last_resort()
    assert (unit.did, unit.slept_s) == (ANEW, 0)


def test_a_stop_that_took_too_long_was_wanted(unit: Systemd) -> None:
    unit.has(Result="timeout", ExecMainCode="2", ExecMainStatus="9")
    unit.has(ActiveEnterTimestampMonotonic="3000000")
    assert "when it was stopped" in unit.last_resort()
    assert unit.did == []


@pytest.mark.parametrize("status", ["1", str(DEFECT)])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ActiveState", "active"),
        ("ActiveState", "activating"),
        ("ActiveState", "inactive"),
        ("UnitFileState", "disabled"),
        ("UnitFileState", "masked"),
    ],
)
def test_a_person_who_acts_meanwhile_is_left_alone(
    unit: Systemd, status: str, name: str, value: str
) -> None:
    unit.has(ExecMainStatus=status)
    unit.meanwhile(name, value)
    assert "nothing more is done" in unit.last_resort(least_uptime_s=10**9)
    assert (unit.did, unit.slept_s) == ([], 5)


def test_a_unit_that_is_disabled_is_left_alone(unit: Systemd) -> None:
    unit.has(UnitFileState="disabled")
    unit.last_resort()
    assert unit.did == []


@pytest.mark.parametrize("state", ["active", "inactive"])
def test_a_unit_that_is_started_or_stopped_has_not_failed(unit: Systemd, state: str) -> None:
    unit.has(ActiveState="activating")
    unit.meanwhile("ActiveState", state)
    assert unit.last_resort() == ""
    assert unit.did == []
