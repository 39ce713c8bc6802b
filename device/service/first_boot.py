"""Takes the configuration over from the boot partition, which every computer can write to a card.

`callbox exchange add-unit` writes a folder: callbox.toml and the exchange's certificate. Somebody copies
both to the boot partition; at the next start they are checked, moved to /etc/callbox and removed from
there, since one holds a password and the partition is for everybody to read.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.errors import CallboxError, ConfigError

NAME = "callbox.toml"
TAKEN = ".taken-over"
"""Of which file it was: one that could not be removed is not taken a second time, over later changes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was done, in words; ``left`` cannot be removed and still holds the password."""

    words: str
    left: tuple[Path, ...] = ()


def take_over(
    boot: Path,
    target: Path,
    check: Callable[[Path], Path | None],
    group: str | None,
) -> Taken | None:
    """Move ``boot``'s callbox.toml, and the certificate beside it, to the folder ``target``. None:
    there is none, or it was taken before.

    ``check`` reads a callbox.toml and gives the certificate that it names; raises CallboxError.
    ``group`` may read what was taken; None: only the owner. Raises ConfigError naming the file and the
    remedy; then nothing was changed.
    """
    given = boot / NAME
    if not given.exists():
        return None
    try:
        mark = hashlib.sha256(given.read_bytes()).hexdigest()
        if _read(target / TAKEN) == mark:
            return _removed(f"{given} was taken over before.", [given])
        return _take(given, target, check, group, mark)
    except OSError as error:
        raise ConfigError(
            f"{given} cannot be taken over to {target}: {error}. It was left as it is."
        ) from error


def _take(
    given: Path,
    target: Path,
    check: Callable[[Path], Path | None],
    group: str | None,
    mark: str,
) -> Taken:
    try:
        certificate = check(given)
        if certificate is not None:
            _check_beside(certificate, given)
    except CallboxError as error:
        raise ConfigError(f"{error} {given} was not taken over; mend it, or remove it.") from error
    target.mkdir(mode=0o750, parents=True, exist_ok=True)
    # The certificate first: whenever the power goes, what is named is there.
    if certificate is not None:
        _put(certificate.read_bytes(), target / certificate.name, 0o644, group)
    _put(given.read_bytes(), target / NAME, 0o640, group)
    _put(mark.encode(), target / TAKEN, 0o600, None)
    moved = [given] if certificate is None else [given, certificate]
    return _removed(f"{given} was taken over as {target / NAME}.", moved)


def _check_beside(certificate: Path, given: Path) -> None:
    if certificate.parent != given.parent or not certificate.is_file():
        raise ConfigError(
            f"{given}: certificate = {certificate.name!r} must be a file beside it. "
            "`callbox exchange add-unit` writes both; copy both."
        )


def _put(content: bytes, path: Path, mode: int, group: str | None) -> None:
    """Whole or not at all, whenever the power goes."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if group is not None:
                shutil.chown(name, group=group)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _removed(words: str, paths: list[Path]) -> Taken:
    left = []
    for path in paths:
        try:
            path.unlink()
        except OSError:
            left.append(path)
    if not left:
        _sync(paths[0].parent)
    return Taken(words, tuple(left))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
