"""A folder's worth of facts for who helps, in one file, with nothing in it that is secret."""

import io
import os
import subprocess
import tarfile
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from device.doctor.redaction import secrets_in, secrets_of, shown

LOG_LINES = 5000
LOG_WITHIN_S = 20.0
SERVICES = ("callbox", "callbox-exchange", "callbox-first-boot", "callbox-last-resort")


def configuration(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What stands in callbox.toml without its secrets, and those. A file that cannot be read in full
    gives nothing but the reason."""
    try:
        text = path.read_text()
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        return {"cannot be read": str(error)}, ()
    except tomllib.TOMLDecodeError as error:
        return {"is not TOML": str(error)}, secrets_in(text)
    return shown(table), secrets_of(table)


def journal() -> dict[str, str]:
    """The last lines of each service's log, or why there are none."""
    return {service: _journal_of(service) for service in SERVICES}


def _journal_of(service: str) -> str:
    command = ["journalctl", "-u", service, "-n", str(LOG_LINES), "--no-pager", "-o", "short-iso"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=LOG_WITHIN_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no journal: {error}\n"
    return done.stdout + done.stderr


def write(path: Path, files: Mapping[str, str], now_s: Callable[[], float] = time.time) -> None:
    """The texts as a tar.gz that only its owner may read: with sudo, who used it. Raises
    FileExistsError, OSError; then no half of a file stays."""
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(made, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as tar:
                for name, text in files.items():
                    data = text.encode(errors="replace")
                    info = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{name}")
                    info.size, info.mtime, info.mode = len(data), int(now_s()), 0o600
                    tar.addfile(info, io.BytesIO(data))
            _give_to_sudoer(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _give_to_sudoer(file: int) -> None:
    """To whom sudo speaks for, so that scp may take it."""
    user, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if os.geteuid() == 0 and user.isdecimal() and group.isdecimal():
        os.fchown(file, int(user), int(group))
