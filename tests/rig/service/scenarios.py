"""What the service has to do, one after the other on one machine. Each gives what it measured."""

import json
import time
from pathlib import Path

from tests.rig.service.machine import ADDRESS, Failed, Machine

VIDEO = "[video]\nwidth = 320\nheight = 180\nframe_rate_hz = 15\nbitrate_bps = 300000\n"
SEEN = "/run/seen"
BACK_WITHIN_S = 5.0
WATCHDOG_WITHIN_S = 40.0
"""20 s of silence, and what the end and a new start take."""
LAST_RESORT_AFTER_S = 100
"""What the failures take, and more than the minute of notice."""


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise Failed(what)


def main_pid(machine: Machine) -> int:
    return int(machine.show("callbox", "MainPID"))


def kill(machine: Machine, name: str = "KILL") -> None:
    """The unit's process, if there is one just now."""
    machine.run(f"systemctl kill --kill-who=main -s {name} callbox", check=False)


def uptime_s() -> int:
    """Of the host, which the machine takes for its own."""
    return int(float(Path("/proc/uptime").read_text().split()[0]))


def is_active(machine: Machine) -> bool:
    return machine.show("callbox", "ActiveState") == "active"


def failed_parts(machine: Machine) -> dict[str, str]:
    """What the doctor says of each part that is not well."""
    checks = json.loads(machine.run("callbox doctor --json", check=False))
    return {row["part"]: row["seen"] for row in checks if row["verdict"] == "failed"}


def wait_picture(machine: Machine, within_s: float = 60) -> float:
    """Until the far end sees a picture that is taken from now on: how long that takes, in s."""
    since_ms = time.time_ns() // 1_000_000

    def is_seen() -> bool:
        seen = machine.run(f"cat {SEEN}", check=False)
        return seen.isdecimal() and int(seen) > since_ms

    return machine.wait(is_seen, "a new picture of the unit is seen", within_s)


def fresh(machine: Machine) -> None:
    """No restart so far, as far as systemd counts."""
    machine.run("systemctl reset-failed callbox; systemctl restart callbox")
    wait_picture(machine)


def first_boot(machine: Machine) -> str:
    """From the boot partition, with all that the exchange wrote for it."""
    exchange = "sudo -u callbox-exchange callbox exchange --data /var/lib/callbox-exchange add-unit"
    machine.run("install -d -o callbox-exchange /var/tmp/units")
    for uid in ("door", "hall"):
        machine.run(
            f"{exchange} {uid} --simulated --address https://{ADDRESS}:8443 --session hall"
            f" --out /var/tmp/units/{uid}"
        )
        machine.run(f"printf '%s' '{VIDEO}' >>/var/tmp/units/{uid}/callbox.toml")
    machine.run("echo '[unit' >/boot/firmware/callbox.toml; systemctl start callbox", check=False)
    said = machine.run("journalctl -o cat -u callbox-first-boot")
    expect("is not TOML" in said and not is_active(machine), f"a wrong file is told: {said}")
    machine.run("cp /var/tmp/units/door/* /boot/firmware/ && systemctl start callbox")
    expect(is_active(machine), "the unit is up")
    expect(machine.run("ls /boot/firmware") == "", "the boot partition is cleared")
    mode = machine.run("stat -c '%a %U:%G' /etc/callbox/callbox.toml")
    expect(mode == "640 root:callbox", f"the configuration is for the unit alone: {mode}")
    return "taken over, cleared"


def call(machine: Machine) -> str:
    python = "/opt/callbox/current/bin/python /srv/callbox/tests/rig/service/far_end.py"
    machine.run(
        f"systemd-run -q --collect --unit=far-end {python} /var/tmp/units/hall/callbox.toml {SEEN}"
    )
    took_s = wait_picture(machine)
    failed = failed_parts(machine)
    expect(not failed, f"the doctor calls it well: {failed}")
    return f"a picture after {took_s:.1f} s; the doctor calls it well"


def logging(machine: Machine) -> str:
    """Entries have their fields. The exchange goes and comes back, which the unit tells."""
    machine.run("systemctl stop callbox-exchange")
    fits = "journalctl -o json -u callbox CALLBOX_LOGGER=device.service.journal PRIORITY=5 -n 1"
    machine.wait(lambda: "broke" in machine.run(fits), "the unit tells of the exchange", 60)
    entry = json.loads(machine.run(fits))
    expect(entry["SYSLOG_IDENTIFIER"] == "callbox", str(entry))
    machine.run("systemctl start callbox-exchange")
    machine.wait(
        lambda: machine.show("callbox", "StatusText").startswith("In a session"), "it is back", 60
    )
    return entry["MESSAGE"]


def kill_9(machine: Machine) -> str:
    fresh(machine)
    took_s = []
    for _ in range(3):
        kill(machine)
        took_s.append(wait_picture(machine))
    figures = ", ".join(f"{one:.2f} s" for one in took_s)
    said = machine.run("journalctl -o cat -t callbox-last-resort")
    expect("callbox" not in said, f"no last resort after single failures: {said}")
    expect(max(took_s) <= BACK_WITHIN_S, f"back in the call within {BACK_WITHIN_S} s: {figures}")
    return f"back in the call after {figures}"


def hang(machine: Machine) -> str:
    fresh(machine)
    stopped = main_pid(machine)
    kill(machine, "STOP")
    took_s = wait_picture(machine, WATCHDOG_WITHIN_S)
    said = machine.run("journalctl -o cat -u callbox -n 200")
    expect(main_pid(machine) != stopped, "another process")
    expect("Watchdog timeout" in said, f"the watchdog did it: {said}")
    expect("Fatal Python error: Aborted" in said, "the journal has what every thread was at")
    return f"killed by the watchdog, back in the call after {took_s:.1f} s"


def hung_camera(machine: Machine) -> str:
    """The event loop lives, and the camera never finishes opening: the watchdog is starved."""
    machine.write(
        "/run/systemd/system/callbox.service.d/rig.conf",
        "[Service]\nExecStart=\nExecStart=/opt/callbox/current/bin/python "
        "/srv/callbox/tests/rig/service/hung_camera.py run",
    )
    machine.run("touch /run/hung-camera; systemctl daemon-reload; systemctl reset-failed callbox")
    machine.run("systemctl restart callbox")
    hung = main_pid(machine)
    told = "camera's driver has not come back"
    machine.wait(lambda: told in machine.show("callbox", "StatusText"), "the status tells it", 60)
    machine.run("rm /run/hung-camera")
    took_s = wait_picture(machine, WATCHDOG_WITHIN_S)
    said = machine.run("journalctl -o cat -u callbox CALLBOX_STANDSTILL=camera-driver")
    expect(told in said, f"the journal tells it: {said}")
    expect("Watchdog timeout" in machine.run("journalctl -o cat -u callbox -n 200"), "by that")
    expect(main_pid(machine) != hung, "another process")
    machine.run("rm -r /run/systemd/system/callbox.service.d; systemctl daemon-reload")
    fresh(machine)
    return f"told, killed by the watchdog, back in the call {took_s:.1f} s after it was told"


def wrong_configuration(machine: Machine) -> str:
    """Nothing restarts for what only a person can mend."""
    machine.run("cp -p /etc/callbox/callbox.toml /tmp/good.toml")
    machine.run("echo nonsense >>/etc/callbox/callbox.toml; systemctl restart callbox", check=False)
    machine.wait(
        lambda: "Mend it" in machine.run("journalctl -o cat -u callbox-last-resort"), "words", 30
    )
    expect(machine.show("callbox", "ExecMainStatus") == "2", "exit code 2")
    expect(machine.show("callbox", "ActiveState") == "failed", "it stays so")
    machine.run("cp -p /tmp/good.toml /etc/callbox/callbox.toml; systemctl restart callbox")
    wait_picture(machine)
    return "told, not restarted; mended, in the call again"


def explained_failure(machine: Machine) -> str:
    """What callbox explains is tried again later; started too often by hand, it is started all the same.
    Neither restarts the machine."""
    machine.run("cp -p /etc/callbox/callbox.toml /tmp/good.toml")
    machine.run("printf '[media]\\ndecoder = \"h264_v4l2m2m\"\\n' >>/etc/callbox/callbox.toml")
    machine.run("systemctl reset-failed callbox; systemctl restart callbox", check=False)
    said = "journalctl -o cat -u callbox-last-resort"
    machine.wait(lambda: "tried again in 60 s" in machine.run(said), "words", 60)
    expect(machine.show("callbox", "ExecMainStatus") == "1", "exit code 1")
    machine.run("cp -p /tmp/good.toml /etc/callbox/callbox.toml")
    machine.run("systemctl stop callbox-last-resort")
    fresh(machine)
    for _ in range(6):
        machine.run("systemctl restart callbox", check=False)
    machine.wait(lambda: "started too often" in machine.run(said), "words of that", 30)
    wait_picture(machine)
    return "tried again later; started too often by hand, in the call all the same"


def read_only(machine: Machine) -> str:
    """A root that cannot be written, and a log in memory."""
    machine.write("/run/systemd/journald.conf.d/volatile.conf", "[Journal]\nStorage=volatile")
    machine.run("systemctl restart systemd-journald && mount -o remount,ro,bind /")
    try:
        fresh(machine)
        kill(machine)
        wait_picture(machine)
    finally:
        machine.run("mount -o remount,rw,bind /")
    return "in the call, and again after kill -9"


def last_resort(machine: Machine) -> str:
    """Killed again and again, the machine is restarted, and then the unit is up again. The least
    uptime for that is set to a little more than it has, which is the host's."""

    def is_restarting() -> bool:
        kill(machine)
        said = machine.run("journalctl -o cat -u callbox-last-resort", check=False)
        return "restarting this machine" in said

    least_s = uptime_s() + LAST_RESORT_AFTER_S
    machine.write(
        "/run/systemd/system/callbox-last-resort.service.d/rig.conf",
        f"[Service]\nEnvironment=LEAST_UPTIME_S={least_s}",
    )
    machine.run("systemctl daemon-reload")
    fresh(machine)
    machine.wait(is_restarting, "the last resort", LAST_RESORT_AFTER_S + 60)
    early_s = least_s - uptime_s()
    expect(early_s <= 0, f"not before its time, but by {early_s} s")
    machine.wait_restart(60)
    call(machine)
    return "the machine restarted, not before it had been up long enough; in the call again"
