"""What the unit files say agrees with what the program does. systemd itself judges them in tests/rig."""

from collections import defaultdict
from pathlib import Path

from device.cli.main import DEFAULT_CONFIG
from device.cli.service import BOOT
from device.control.client import DEFAULT_FOLDER
from device.service.first_boot import NAME
from device.service.heartbeat import BEAT_S
from device.service.standstill import DRIVER_S, STANDSTILL_S
from hal.audio.routes import AlsaConfig

SYSTEMD = Path(__file__).parents[2] / "systemd"


def settings(name: str) -> dict[str, list[str]]:
    """All values of each setting of a unit."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (SYSTEMD / name).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[key].append(value)
    return found


def test_every_user_is_made() -> None:
    rows = [line.split()[:2] for line in (SYSTEMD / "sysusers.conf").read_text().splitlines()]
    made = {row[1] for row in rows if row and row[0] == "u"}
    for name in ("callbox.service", "callbox-exchange.service"):
        unit = settings(name)
        assert {*unit["User"], *unit["Group"]} <= made


def test_the_unit_has_what_its_drivers_ask_for() -> None:
    unit = settings("callbox.service")
    (priority,) = unit["LimitRTPRIO"]
    assert int(priority) >= AlsaConfig().realtime_priority
    (folder,) = unit["RuntimeDirectory"]
    assert f"/run/{folder}" == str(DEFAULT_FOLDER)
    assert f"LG_WD=/run/{folder}" in unit["Environment"]
    devices = {row.split()[0].removeprefix("char-") for row in unit["DeviceAllow"]}
    known = {"video4linux", "media", "dma_heap", "alsa", "input", "gpiochip", "/dev/vcio"}
    assert devices == known


def test_bluetooth_is_set_up_as_the_manual_says() -> None:
    started = settings("bluealsa.conf")["ExecStart"]
    assert started[0] == "", "Debian's own is taken away"
    assert {"a2dp-source", "hfp-ag", "hsp-ag"} < set(started[1].split())
    assert started[1] in (SYSTEMD.parent / "docs/sound.md").read_text()


def test_the_watchdog_is_fed_often_enough() -> None:
    (watchdog_s,) = settings("callbox.service")["WatchdogSec"]
    assert float(watchdog_s) > 4 * BEAT_S
    assert float(watchdog_s) > STANDSTILL_S, "what moves again in time is left alone"


def test_the_paths_are_those_of_the_program() -> None:
    assert settings("callbox.service")["ConditionPathExists"] == [str(DEFAULT_CONFIG)]
    assert settings("callbox-first-boot.service")["ConditionPathExists"] == [str(BOOT / NAME)]


def test_what_hangs_again_and_again_comes_to_the_last_resort() -> None:
    """All the starts that are allowed fit into the time in which they are counted."""
    unit = settings("callbox.service")
    (burst,), (interval,) = unit["StartLimitBurst"], unit["StartLimitIntervalSec"]
    (start_s,), (stop_s,) = unit["TimeoutStartSec"], unit["TimeoutStopSec"]
    (watchdog_s,) = unit["WatchdogSec"]
    assert interval == "10min"
    longest_s = max(float(start_s), DRIVER_S + BEAT_S + float(watchdog_s)) + 2 * float(stop_s)
    assert int(burst) * longest_s < 600


def test_a_wrong_configuration_does_not_start_it_anew() -> None:
    """Other ends: test_last_resort.py."""
    assert settings("callbox.service")["RestartPreventExitStatus"] == ["2"]
