"""The installation, from the first one to the last file's removal. Each gives what it measured."""

import re
import time

from tests.rig.service.machine import Machine
from tests.rig.service.scenarios import expect, failed_parts, main_pid, wait_picture
from tests.rig.service.tree import STAND_IN_VERSION

INSTALL = "cd /srv/callbox && scripts/install"
"""The README's command; in the machine everybody is root."""
UNITS = ("callbox", "callbox-exchange", "callbox-first-boot", "callbox-last-resort")
MOST_EXPOSURE = 2.0
# Names and contents of all files, but for what packages, logs and the running system leave.
PASSED_OVER = (
    *(
        "/proc",
        "/sys",
        "/run",
        "/dev",
        "/tmp",
        "/usr/lib",
        "/usr/share",
        "/etc/pip.conf",
        "*/__pycache__",
    ),
    *(
        "/var/tmp",
        "/var/log",
        "/var/cache",
        "/var/lib/dpkg",
        "/var/lib/apt",
        "/var/lib/systemd",
        "*-",
    ),
)
_PRUNED = " -o ".join(f"-path '{path}'" for path in PASSED_OVER)
FILES = f"find / -xdev \\( {_PRUNED} \\) -prune -o -type f -exec sha256sum {{}} + -o -print | sort"


def install(machine: Machine) -> str:
    machine.run(f"mkdir -p /boot/firmware && {FILES} >/var/tmp/before")
    begun_s = time.monotonic()
    said = machine.run(f"{INSTALL} --exchange", 600)
    expect("What is missing is its configuration" in said, said)
    expect(machine.show("callbox-exchange", "ActiveState") == "active", "the exchange is up")
    expect(machine.run("systemctl is-enabled callbox") == "enabled", "the unit is enabled")
    expect(machine.show("callbox", "Result") == "success", "no configuration is no failure")
    return f"installed in {time.monotonic() - begun_s:.0f} s"


def verify(machine: Machine) -> str:
    said = machine.run("systemd-analyze verify /etc/systemd/system/callbox*.service")
    expect(said == "", f"systemd-analyze verify is silent: {said}")
    levels = {}
    for unit in UNITS:
        said = machine.run(f"systemd-analyze security --no-pager {unit}.service")
        found = re.search(r"exposure level for .*: ([\d.]+)", said)
        assert found, said
        levels[unit] = float(found[1])
        expect(levels[unit] <= MOST_EXPOSURE, f"{unit}: {levels[unit]}")
    return "security " + ", ".join(f"{unit} {level}" for unit, level in levels.items())


def again(machine: Machine) -> str:
    before, begun_s = main_pid(machine), time.monotonic()
    machine.run(INSTALL, 120)
    expect(main_pid(machine) == before, "the running unit is left alone")
    return f"{time.monotonic() - begun_s:.1f} s"


def upgrade(machine: Machine) -> str:
    before = machine.run("readlink /opt/callbox/current; sha256sum /etc/callbox/*")
    machine.run(
        "mkdir /tmp/new && cd /srv/callbox && cp -r --parents pyproject.toml constraints.txt README.md"
        " LICENSE NOTICE hal device systemd docs/install.md scripts /tmp/new/ && cd /tmp/new &&"
        " sed -i 's/^version = .*/version = \"99.0\"/' pyproject.toml"
    )
    refused = machine.run("cd /tmp/new && scripts/install", check=False)
    expect("--upgrade" in refused, f"without --upgrade it says so: {refused}")
    expect(machine.run("readlink /opt/callbox/current; sha256sum /etc/callbox/*") == before, "same")
    machine.run("cd /tmp/new && scripts/install --upgrade", 600)
    expect(machine.run("callbox --version") == "callbox 99.0", "the new one")
    now = machine.run("sha256sum /etc/callbox/*")
    expect(now in before, "the configuration is the same")
    wait_picture(machine)
    machine.run("cd /tmp/new && sed -i 's/^version = .*/version = \"99.1\"/' pyproject.toml")
    machine.run("cd /tmp/new && echo 'raise SystemExit(7)' >>device/app.py")
    said = machine.run("cd /tmp/new && scripts/install --upgrade", 600, check=False)
    expect("is in use again" in said, f"one that does not start is taken back: {said}")
    expect(machine.run("callbox --version") == "callbox 99.0", "the one before")
    wait_picture(machine)
    return "99.0 in the call; 99.1, which does not start, taken back"


def board(machine: Machine) -> str:
    """With what was kept, and on what says that it is a Raspberry Pi."""
    machine.run("cd /srv/callbox && scripts/uninstall --keep-config")
    expect(machine.is_good("test -s /etc/callbox/callbox.toml"), "the configuration is kept")
    expect(not machine.is_good("systemctl cat callbox"), "there is no unit")
    model = "/sys/firmware/devicetree/base/model"
    machine.run("mount -o remount,rw /sys")
    machine.write(model, "Raspberry Pi 4 Model B Rev 1.4")
    begun_s = time.monotonic()
    machine.run(f"{INSTALL} --exchange", 600)
    took_s = time.monotonic() - begun_s
    wait_picture(machine)
    python = "/opt/callbox/current/bin/python"
    machine.run(f"{python} -c 'import alsaaudio, dbus_fast, lgpio, numpy, simplejpeg, videodev2'")
    expect("hfp-ag" in machine.show("bluealsa", "ExecStart"), "bluez-alsa has HFP")
    machine.run("systemctl start bluealsa-aplay")
    expect(machine.show("bluealsa-aplay", "ActiveState") == "inactive", "its player does not run")
    groups = machine.run("id -nG callbox").split()
    expect({"audio", "input", "video"} <= set(groups), f"groups of its devices: {groups}")
    return (
        f"{took_s:.0f} s, with what was kept; bluez-alsa, groups; {_real_drivers(machine, python)}"
    )


def _real_drivers(machine: Machine, python: str) -> str:
    """They load under all that the unit's file forbids; their devices are not here, it is up without."""
    if machine.run("dpkg-query -Wf '${Version}' python3-libcamera") == STAND_IN_VERSION:
        return "no libcamera in this Debian"
    machine.run(f"{python} -c 'import picamera2'")
    machine.run("sed -Ei 's/^(camera|audio) = .*/# &/' /etc/callbox/callbox.toml")
    machine.run("systemctl restart callbox")
    machine.wait(lambda: "In a session" in machine.show("callbox", "StatusText"), "a session", 60)
    failed = failed_parts(machine)
    expect(set(failed) == {"camera", "sound"}, f"the doctor names what is not there: {failed}")
    return f"picamera2 and ALSA loaded, the doctor misses {' and '.join(failed)}"


def uninstall(machine: Machine) -> str:
    machine.run("systemctl stop far-end; cd /srv/callbox && scripts/uninstall", 120)
    left = machine.run(f"{FILES} | diff /var/tmp/before - | grep '^>'", check=False)
    expect(left == "", f"nothing is left: {left}")
    expect(not machine.is_good("grep callbox /etc/passwd /etc/group"), "nor are its users")
    expect(not machine.is_good("dpkg -s bluez-alsa-utils"), "nor packages that it brought")
    return "nothing is left"
