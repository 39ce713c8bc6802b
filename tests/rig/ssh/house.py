"""A machine with an ssh server, two people, and a running unit: this one, seen through a mount
namespace of its own. Nothing is installed on it, and nothing of it is changed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
CACHE = Path(os.environ.get("RIG_CACHE", Path.home() / ".cache" / "callbox-rig")) / "ssh"
PACKAGES = ("openssh-server", "openssh-sftp-server", "libwrap0")
CALLBOX = [sys.executable, "-m", "device.cli.main"]
WITHIN_S = 60.0
GROUP, MEMBER, STRANGER = "callbox", "visitor", "stranger"
"""The member is in the group, the stranger is not."""
IDS = {"sshd": 60990, GROUP: 60991, MEMBER: 60992, STRANGER: 60993}


def in_own_namespace() -> None:
    """Start this program again where its mounts are nobody else's."""
    if os.environ.get("CALLBOX_RIG") != "ssh":
        command = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            sys.executable,
            *sys.orig_argv[1:],
        ]
        os.execvpe(command[0], command, {**os.environ, "CALLBOX_RIG": "ssh"})


def server_tree() -> Path:
    """The ssh server's packages, unpacked and not installed: an installed one would start."""
    tree = CACHE / "tree"
    if not (tree / "usr/sbin/sshd").exists():
        debs = CACHE / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=debs, check=True)
        for deb in debs.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(deb), str(tree)], check=True)
    return tree


@dataclass(frozen=True)
class House:
    """``ssh`` runs a command there as one of the people."""

    folder: Path
    port: int

    def ssh(
        self, who: str, command: str, terminal: bool = False
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.ssh_command(who, command, terminal),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def ssh_command(self, who: str, command: str, terminal: bool = False) -> list[str]:
        return [
            *("ssh", "-F", "/dev/null", "-q", "-p", str(self.port)),
            *("-tt" if terminal else "-T", "-i", str(self.folder / "person")),
            *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
            *(f"{who}@127.0.0.1", f"{self.folder}/bin/{command}"),
        ]


@contextlib.contextmanager
def house() -> Iterator[House]:
    with (
        tempfile.TemporaryDirectory(prefix="callbox-rig-ssh-") as name,
        contextlib.ExitStack() as up,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        _people(folder)
        _programs(folder)
        up.enter_context(_unit(folder))
        yield House(folder, up.enter_context(_server(folder)))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _people(folder: Path) -> None:
    """The sshd that its server wants, and two people, in files laid over the machine's own."""
    rows = {"passwd": "", "group": "", "shadow": ""}
    for name, number in IDS.items():
        home = folder / "home" / name
        home.mkdir(parents=True)
        os.chown(home, number, number)
        rows["passwd"] += f"{name}:x:{number}:{number}::{home}:/bin/bash\n"
        members = MEMBER if name == GROUP else ""
        rows["group"] += f"{name}:x:{number}:{members}\n"
        rows["shadow"] += f"{name}:*:19000:0:99999:7:::\n"
    for file, text in rows.items():
        laid = folder / file
        own = Path("/etc") / file
        lines = [line for line in own.read_text().splitlines() if line.split(":")[0] not in IDS]
        laid.write_text("\n".join(lines) + "\n" + text)
        laid.chmod(own.stat().st_mode & 0o777)
        mount("--bind", str(laid), str(own))


def _programs(folder: Path) -> None:
    """``callbox`` for everybody, also where Python lives in root's home, which is closed to them."""
    for private in {Path(path).resolve().parts[1] for path in (sys.base_prefix, str(ROOT))}:
        top = Path("/") / private
        if not top.stat().st_mode & 0o001:
            _open_to_all(top, Path(sys.base_prefix).resolve())
    program = folder / "bin" / "callbox"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nexport CALLBOX_SOCKET={folder}/run/control.sock PYTHONPATH={ROOT}"
        f' PYTHONDONTWRITEBYTECODE=1\nexec {sys.executable} -m device.cli.main "$@"\n'
    )
    program.chmod(0o755)


def _open_to_all(top: Path, wanted: Path) -> None:
    aside = Path("/mnt")
    mount("--bind", str(wanted), str(aside))
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(top))
    wanted.mkdir(parents=True)
    mount("--bind", str(aside), str(wanted))


@contextlib.contextmanager
def _unit(folder: Path) -> Iterator[None]:
    """An exchange and a unit in its session, as the service would run it."""
    data, home = ["exchange", "--data", str(folder / "data")], folder / "unit"
    (folder / "run").mkdir()
    environment = {**os.environ, "CALLBOX_SOCKET": f"{folder}/run/control.sock"}
    serving = subprocess.Popen(
        [*CALLBOX, *data, "--host", "127.0.0.1", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with _ended(serving):
        assert serving.stdout is not None
        url = serving.stdout.readline().removeprefix("Listening on ").strip()
        enrol = ["add-unit", "door", "--simulated", "--address", url, "--session", "hall"]
        subprocess.run(
            [*CALLBOX, *data, *enrol, "--out", str(home)], check=True, cwd=ROOT, capture_output=True
        )
        running = subprocess.Popen(
            [*CALLBOX, "run", "--config", str(home / "callbox.toml")], cwd=ROOT, env=environment
        )
        with _ended(running):
            _wait_for_call(environment)
            yield


def _wait_for_call(environment: dict[str, str]) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        done = subprocess.run(
            [*CALLBOX, "status", "--json"],
            capture_output=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )
        if done.returncode == 0 and (json.loads(done.stdout)["call"] or {}).get("camera"):
            return
        time.sleep(0.2)
    raise AssertionError("the unit did not come into its session")


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[int]:
    """An sshd on a loopback port, with keys and a configuration of its own."""
    tree = server_tree()
    for key in ("host", "person"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True
        )
    shutil.copy(folder / "person.pub", folder / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\n"
    )
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    Path("/run/sshd").mkdir()
    libraries = ":".join(str(path) for path in sorted((tree / "usr/lib").glob("*-linux-gnu*")))
    server = subprocess.Popen(
        [str((tree / "usr/sbin/sshd").resolve()), "-D", "-e", "-f", str(config)],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
        stderr=(folder / "sshd.log").open("w"),
    )
    with _ended(server):
        deadline_s = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline_s and server.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            raise AssertionError((folder / "sshd.log").read_text())
        yield port


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
