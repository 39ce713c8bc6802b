"""An emulated machine that runs the guest's disk: started, asked, put back, and cut from its power."""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CACHE = Path(os.environ.get("RIG_CACHE", Path.home() / ".cache" / "callbox-rig")) / "guest"
BOOT_WITHIN_S = 600.0
"""Emulated on a busy machine; 25 s on an idle one."""
_KERNEL = (
    "console=ttyS0 root=/dev/vda rw quiet mitigations=off audit=0 nokaslr panic=0 net.ifnames=0"
)
_WITHOUT_UNITS = "".join(
    f" systemd.mask={unit}.service" for unit in ("callbox", "callbox-exchange")
)
_MACHINE = (
    *("-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2", "-m", "1024"),
    *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
    *("-device", "virtio-rng-pci", "-device", "i6300esb", "-action", "watchdog=reset"),
)


class Failed(Exception):
    """Something in the guest is not as it should be."""


class Disk:
    """The guest's disk and what was written to it; a folder of its own, with the machine's sockets."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="callbox-guest-"))
        self.image = self.folder / "disk.qcow2"
        self.states: set[str] = set()
        base = (CACHE / "disk.img").resolve()
        create = ("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "raw")
        _do(*create, str(self.image))

    def close(self) -> None:
        shutil.rmtree(self.folder)


class Guest:
    """A machine that is on."""

    def __init__(self, disk: Disk, has_units: bool = True, state: str = "") -> None:
        """``has_units``: callbox and its exchange start by themselves. ``state``: one that was saved,
        with what the disk held then; else it boots."""
        self._folder, self._states = disk.folder, disk.states
        kernel = _KERNEL if has_units else _KERNEL + _WITHOUT_UNITS
        shell, control = self._folder / "shell", self._folder / "control"
        self._begun_s = time.monotonic()
        self._process = subprocess.Popen(
            [
                *("qemu-system-x86_64", *_MACHINE),
                *("-kernel", str(CACHE / "kernel" / "vmlinuz")),
                *("-initrd", str(CACHE / "kernel" / "initrd"), "-append", kernel),
                # The disk's own cache is lost with the power; what the guest synced is not.
                *("-drive", f"file={disk.image},if=none,id=disk,cache=writeback"),
                *("-device", "virtio-blk-pci,drive=disk"),
                *("-netdev", "tap,id=lan,ifname=guest0,script=no,downscript=no"),
                *("-device", "virtio-net-pci,netdev=lan"),
                *("-serial", f"file:{self._folder / 'console'}"),
                *("-serial", f"unix:{shell},server=on,wait=off"),
                *("-qmp", f"unix:{control},server=on,wait=off"),
                *(("-loadvm", state) if state else ()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        self._shell = self._connect(shell)
        self._control = self._connect(control).makefile("rw")
        self._control.readline()
        self.events: list[str] = []
        self.ask("qmp_capabilities")
        self._heard = b""
        self._number = 0
        if state:
            self.run("true")
        else:
            self._wait_shell()
        self.boot_s = time.monotonic() - self._begun_s

    def run(self, command: str, within_s: float = 120, check: bool = True) -> str:
        """What it says, on both streams. Raises Failed for another exit code than 0."""
        self._send(command)
        code, said = self._reply(time.monotonic() + within_s, command)
        if check and code != 0:
            raise Failed(f"{command}\n{said}\nexit code {code}")
        return said.strip()

    def wait(
        self, command: str, fits: Callable[[str], bool], within_s: float, every_s: float = 0.2
    ) -> float:
        """Until what the command says fits; how long that took. Raises Failed."""
        begun_s = time.monotonic()
        while not fits(said := self.run(command, check=False)):
            if time.monotonic() - begun_s > within_s:
                raise Failed(f"not within {within_s:.0f} s: {command}\n{said}")
            time.sleep(every_s)
        return time.monotonic() - begun_s

    def ask(self, command: str, **arguments: Any) -> Any:
        """QEMU itself (QMP)."""
        self._control.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._control.flush()
        while True:
            answer = json.loads(self._control.readline())
            if "event" in answer:
                self.events.append(answer["event"])
            elif "error" in answer:
                raise Failed(f"{command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def save(self, state: str) -> None:
        """The machine as it is now, memory and disk, kept on its disk."""
        said = self.ask("human-monitor-command", **{"command-line": f"savevm {state}"})
        if said.strip():
            raise Failed(f"savevm: {said}")
        self._states.add(state)

    def wait_off(self, within_s: float) -> list[str]:
        """Until the machine has gone by itself; what QEMU told of it."""
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"still on after {within_s:.0f} s") from None
        for line in self._control:
            self.events.append(json.loads(line).get("event", ""))
        return self.events

    def cut(self) -> None:
        """The power goes. Idempotent."""
        self._process.kill()
        self._process.wait()
        self._shell.close()

    @property
    def console(self) -> str:
        return (self._folder / "console").read_text(errors="replace")[-4000:]

    def _connect(self, path: Path) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        deadline_s = time.monotonic() + 30
        while True:
            try:
                connection.connect(str(path))
                return connection
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    raise Failed(
                        "qemu-system-x86_64 does not start; its words stand above"
                    ) from None
                time.sleep(0.05)

    def _wait_shell(self) -> None:
        """It says number 0 of its own accord when it begins."""
        try:
            self._reply(time.monotonic() + BOOT_WITHIN_S, "the boot")
        except Failed as error:
            raise Failed(f"the guest does not boot ({error}):\n{self.console}") from None

    def _send(self, command: str) -> None:
        self._number += 1
        text = base64.b64encode(command.encode()).decode()
        self._shell.sendall(f"{self._number} {text}\n".encode())

    def _reply(self, deadline_s: float, command: str) -> tuple[int, str]:
        """The exit code and the words for what was sent last; answers to older ones are passed over."""
        while True:
            line, newline, rest = self._heard.partition(b"\n")
            if newline:
                self._heard = rest
                words = line.split()
                if words[:2] == [b"rig", b"%d" % self._number]:
                    said = b"" if words[3] == b"-" else base64.b64decode(words[3])
                    return int(words[2]), said.decode(errors="replace")
                continue
            self._shell.settimeout(max(0.01, deadline_s - time.monotonic()))
            try:
                more = self._shell.recv(65536)
            except TimeoutError:
                raise Failed(f"no answer in time: {command}") from None
            if not more:
                raise Failed(f"the machine went off during: {command}")
            self._heard += more


@contextmanager
def booted(disk: Disk, has_units: bool = True, state: str = "") -> Iterator[Guest]:
    """A guest that is up, to be cut off at the end."""
    guest = Guest(disk, has_units, state)
    try:
        yield guest
    finally:
        guest.cut()


def _do(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=60)
