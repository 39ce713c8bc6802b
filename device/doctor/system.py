"""The machine around the unit: clock, disk, service, versions."""

import ctypes
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from device.control.readings import Check, Verdict
from device.doctor.grading import graded

MIB = 1024 * 1024
LITTLE_DISK, TOO_LITTLE_DISK = 500 * MIB, 100 * MIB
LIBRARIES = ("aiortc", "av", "gpiozero", "lgpio", "picamera2", "pyalsaaudio")
SERVICE = "callbox.service"
WITHIN_S = 5.0
TIME_ERROR = 5
"""What adjtimex returns while the clock is not synchronised (linux/timex.h)."""


def check_clock() -> Check:
    """By the kernel, so whatever daemon sets it. A certificate and a call token need the time."""
    state = _clock_state()
    if state is None:
        return Check(
            "clock", Verdict.SKIPPED, "this system does not say whether it is synchronised"
        )
    if state == TIME_ERROR:
        remedy = (
            "`timedatectl` shows why: NTP must be on, and a time server reached (UDP port 123)."
        )
        return Check("clock", Verdict.WARNING, "not synchronised", remedy)
    return Check("clock", Verdict.OK, "synchronised")


def _clock_state() -> int | None:
    try:
        # struct timex is 208 bytes on 64 bit Linux; modes, its first field, is 0: only read.
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
    except (OSError, AttributeError):
        return None
    return state if state >= 0 else None


def check_disk(folder: Path) -> Check:
    """Where the state is written, or the nearest folder above that is there."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    seen = f"{free // MIB} MiB free at {folder}"
    remedy = (
        "Make room: `sudo journalctl --vacuum-size=50M`, `sudo apt-get clean`; or a larger card."
    )
    return graded("disk", seen, free < TOO_LITTLE_DISK, free < LITTLE_DISK, remedy)


def check_service(unit_runs: bool) -> list[Check]:
    """The service, and whether its watchdog is on. ``unit_runs``: one answers at the socket."""
    shown = _systemctl()
    if shown is None or shown.get("LoadState") != "loaded":
        if unit_runs:
            return [
                Check("service", Verdict.SKIPPED, "the unit that runs is not a systemd service")
            ]
        remedy = "Install it, or start a unit by hand: callbox run --config FILE."
        return [
            Check("service", Verdict.FAILED, f"no unit runs, and no {SERVICE} is there", remedy)
        ]
    return [_service(shown, unit_runs), _watchdog(shown)]


def _service(shown: dict[str, str], unit_runs: bool) -> Check:
    state, restarts = shown.get("ActiveState", "?"), shown.get("NRestarts", "0")
    seen = f"{state}, {shown.get('UnitFileState', '?')}, restarted {restarts} times"
    if state != "active":
        remedy = (
            "Start it: sudo systemctl start callbox; `journalctl -u callbox` tells why it ended."
        )
        return Check("service", Verdict.FAILED, seen, remedy)
    if not unit_runs:
        remedy = "Restart it: sudo systemctl restart callbox; `journalctl -u callbox` may tell why."
        return Check("service", Verdict.FAILED, f"{seen}, and nobody answers", remedy)
    if shown.get("UnitFileState") not in ("enabled", "static"):
        remedy = "It does not start by itself: sudo systemctl enable callbox."
        return Check("service", Verdict.WARNING, seen, remedy)
    return Check("service", Verdict.OK, seen)


def _watchdog(shown: dict[str, str]) -> Check:
    period = shown.get("WatchdogUSec", "0")
    if period in ("0", "infinity", ""):
        remedy = f"WatchdogSec= is not set: `systemctl cat {SERVICE}` shows what overrides it."
        return Check("watchdog", Verdict.WARNING, "off", remedy)
    return Check("watchdog", Verdict.OK, f"restarts a unit that is silent for {period}")


def _systemctl() -> dict[str, str] | None:
    """Properties of the service; None without systemd."""
    wanted = "LoadState,ActiveState,UnitFileState,NRestarts,WatchdogUSec"
    command = ["systemctl", "show", SERVICE, f"--property={wanted}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    lines = (line.partition("=") for line in done.stdout.splitlines())
    return {key: value for key, _, value in lines}


def versions() -> dict[str, str]:
    """Of all that a report of a fault should name; what is not installed is left out."""
    found = {"callbox": version("callbox"), "python": platform.python_version()}
    found |= {"kernel": platform.release(), "machine": platform.machine()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def check_versions(running: str | None) -> Check:
    """``running``: what the unit that runs says that it is."""
    installed = version("callbox")
    if running is not None and running != installed:
        seen = f"{running} runs, {installed} is installed"
        remedy = "Let the new one run: sudo systemctl restart callbox."
        return Check("versions", Verdict.WARNING, seen, remedy)
    kind = f"Python {sys.version_info.major}.{sys.version_info.minor}, Linux {platform.release()}"
    return Check("versions", Verdict.OK, f"callbox {installed}, {kind}")
