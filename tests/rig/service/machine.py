"""A machine that runs systemd, callbox's installation and its services: a container of systemd-nspawn.

In namespaces of its own for mounts, processes, cgroups and network, and on an overlay in memory, so that
nothing of it is left. nspawn's own ways need a systemd on the host; these do not.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.rig.service.tree import ROOT, tree, wheels

ADDRESS = "10.66.0.2"
_CGROUPS = Path("/sys/fs/cgroup/unified")
_START = """
echo $$ >"$1/cgroup.procs"
exec unshare -C -m -n -p -f --kill-child --propagation private bash -euc '
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t proc proc /proc
mount -t tmpfs tmpfs "$0"
mkdir -p "$0"/{up,work,root} /run/systemd
mount -t overlay overlay -o "lowerdir=$1,upperdir=$0/up,workdir=$0/work" "$0/root"
shift
# 133: it wants to start anew.
while systemd-nspawn -q -D "$0/root" -M callbox-rig --register=no --keep-unit --private-network \\
  --console=pipe --boot "$@"; [ $? = 133 ]; do :; done' "${@:2}"
"""
_ENVIRONMENT = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "HOME=/root",
)
_NETWORK = f"""
ip link set lo up
ip link add eth0 type veth peer name far0
ip address add {ADDRESS}/24 dev eth0
ip link set eth0 up
ip link set far0 up
"""


def _named(name: str, pid: int) -> Iterator[int]:
    """The processes of that name below another, but none below one of these."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if Path(f"/proc/{child}/comm").read_text().strip() == name:
            yield int(child)
        else:
            yield from _named(name, int(child))


class Failed(Exception):
    """A command in the machine did not do what it was asked to."""


class Machine:
    """Up, with this clone as /srv/callbox. ``suite`` of Debian."""

    def __init__(self, suite: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="callbox-rig-"))
        self._console = (self._folder / "console").open("wb")
        group = _CGROUPS if _CGROUPS.exists() else Path("/sys/fs/cgroup")
        self._group = group / self._folder.name
        self._group.mkdir()
        (self._folder / "machine").mkdir()
        binds = (f"--bind-ro={ROOT}:/srv/callbox", f"--bind-ro={wheels(suite)}:/srv/wheels")
        places = (str(self._group), str(self._folder / "machine"), str(tree(suite)))
        self._process = subprocess.Popen(
            ["bash", "-euc", _START, "-", *places, *binds, "systemd.unit=multi-user.target"],
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=self._console,
            start_new_session=True,
        )
        self._leader = self._wait_leader()
        self._set_up()
        self.write("/etc/pip.conf", "[global]\nno-index = yes\nfind-links = /srv/wheels\n")

    def wait_restart(self, within_s: float) -> float:
        """Until it has restarted by itself; how long it took until it was down."""
        process = Path(f"/proc/{self._leader}")
        took_s = self.wait(lambda: not process.exists(), "the machine restarts", within_s)
        self._leader = self._wait_leader()
        self._set_up()
        return took_s

    def _set_up(self) -> None:
        self.wait(self._is_up, "the machine is up", 60)
        self.run(_NETWORK)

    def run(self, command: str, within_s: float = 60, check: bool = True) -> str:
        """What it says, on both streams."""
        enter = ("nsenter", "-t", str(self._leader), "-a", "-r", "-w")
        done = subprocess.run(
            [*enter, "env", "-i", *_ENVIRONMENT, "bash", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=within_s,
            check=False,
        )
        if check and done.returncode != 0:
            raise Failed(f"{command}\n{done.stdout}\nexit code {done.returncode}")
        return done.stdout.strip()

    def is_good(self, command: str) -> bool:
        try:
            self.run(command)
        except Failed:
            return False
        return True

    def write(self, path: str, text: str) -> None:
        self.run(f"mkdir -p $(dirname {path}); cat >{path} <<'END'\n{text}\nEND")

    def show(self, unit: str, what: str) -> str:
        """A property of a unit."""
        return self.run(f"systemctl show --property={what} --value {unit}")

    def wait(self, condition: Callable[[], bool], what: str, within_s: float) -> float:
        """Until it is so; how long that took. Raises Failed."""
        begun_s = time.monotonic()
        while not condition():
            if time.monotonic() - begun_s > within_s:
                raise Failed(f"not within {within_s} s: {what}")
            time.sleep(0.05)
        return time.monotonic() - begun_s

    @property
    def console(self) -> str:
        return (self._folder / "console").read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        if self.is_running:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)
        self._console.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.wait(self._is_cleared, "the machine's processes are gone", 20)

    def _is_cleared(self) -> bool:
        folders = [path for path in self._group.rglob("*") if path.is_dir()]
        try:
            for folder in [*sorted(folders, reverse=True), self._group]:
                folder.rmdir()
        except OSError:
            return False  # killed, and not yet gone
        return True

    def _is_up(self) -> bool:
        state = self.run("systemctl is-system-running", check=False)
        return state in ("running", "degraded")

    def _wait_leader(self) -> int:
        """systemd in the machine: the child of nspawn, which is the child of unshare."""
        found: list[int] = []

        def look() -> bool:
            if not self.is_running:
                raise Failed(f"the machine does not start:\n{self.console}")
            with contextlib.suppress(OSError):  # one that has ended meanwhile
                found.extend(_named("systemd", self._process.pid))
            return bool(found)

        self.wait(look, "systemd starts in the machine", 30)
        return found[0]
