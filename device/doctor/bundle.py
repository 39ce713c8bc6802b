"""A folder's worth of facts for who helps, in one file, with nothing in it that is secret."""

import io
import json
import re
import subprocess
import tarfile
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HIDDEN = "(not in this file)"
LOG_LINES = 5000
LOG_WITHIN_S = 20.0
SERVICES = ("callbox", "callbox-exchange")
LEAST_SECRET = 4
"""A shorter value is not searched for in logs: it would black out half of every word."""

_SECRET_KEYS = re.compile(
    r"(?i)password|secret|token|credential|pairing|passphrase|(^|_)(key|psk)$"
)
_TOKENS = re.compile(
    r"(?i)\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JSON web token
    r"|(?<=bearer )\S+"
    r"|(?<=//)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password in a URL
)
_NAMED = re.compile(
    r"""(?i)((?:password|secret|token|credential|passphrase)["']?\s*[:=]\s*)["']?[^\s"',;}(]+["']?"""
)


def redacted(value: Any, key: str = "") -> Any:
    """A value, such as a configuration, without what is secret in it, at any depth."""
    if isinstance(value, dict):
        return {name: redacted(inner, name) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one, key) for one in value]
    if _SECRET_KEYS.search(key) and value != "":
        return HIDDEN
    return without_secrets(value) if isinstance(value, str) else value


def secrets_of(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The secret texts of a configuration, to be looked for in what is written elsewhere."""
    found: list[str] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += secrets_of(value)
        elif isinstance(value, str) and _SECRET_KEYS.search(key) and len(value) >= LEAST_SECRET:
            found += [value, json.dumps(value)[1:-1]]  # as it stands in a log, and in JSON
    return tuple(found)


def without_secrets(text: str) -> str:
    """A log without tokens, and without what stands after ``password=`` and the like."""
    return _NAMED.sub(rf"\1{HIDDEN}", _TOKENS.sub(HIDDEN, text))


def without_known(text: str, secrets: tuple[str, ...]) -> str:
    """A text without these, wherever they stand."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def configuration(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What stands in callbox.toml without its secrets, and those. A file that cannot be read in full
    gives nothing but the reason."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        return {"cannot be read": str(error)}, ()
    except tomllib.TOMLDecodeError as error:
        return {"is not TOML": str(error)}, ()
    return redacted(table), secrets_of(table)


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
    """The texts as a tar.gz that only its owner may read. Raises FileExistsError, OSError."""
    with path.open("xb") as file:
        path.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            for name, text in files.items():
                data = text.encode()
                info = tarfile.TarInfo(f"{path.name.removesuffix('.tar.gz')}/{name}")
                info.size, info.mtime, info.mode = len(data), int(now_s()), 0o600
                tar.addfile(info, io.BytesIO(data))
