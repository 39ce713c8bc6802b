"""Takes the configuration over from the boot partition, which every computer can write to a card.

`callbox exchange add-unit` writes a folder: callbox.toml and the exchange's certificate. Somebody copies
both to the boot partition; at the next start they are checked, moved to /etc/callbox and removed from
there, since one holds a password and the partition is for everybody to read.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.errors import CallboxError, ConfigError
from device.files import NewFile, put, sync

NAME = "callbox.toml"
TAKEN = ".taken-over"
"""Of what could not be removed, so that it is not taken a second time, over later changes. Only as long
as it is there: the same files, put on the card by somebody, are to be taken."""


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
    there is none.

    ``check`` reads a callbox.toml and gives the certificate that it names, ``check_beside`` it; raises
    CallboxError.
    ``group`` may read what was taken; None: only the owner. Raises ConfigError naming the file and the
    remedy; then nothing was changed.
    """
    given = boot / NAME
    if not given.exists():
        return None
    try:
        certificate = _checked(given, check)
        moved = [given] if certificate is None else [given, certificate]
        mark = _mark(moved)
        if _read(target / TAKEN) == mark and (target / NAME).exists():
            words = f"{given} was taken over before."
        else:
            _put_all(moved, target, group)
            words = f"{given} was taken over as {target / NAME}."
        return _removed(words, moved, target, mark)
    except OSError as error:
        raise ConfigError(
            f"{given} cannot be taken over to {target}: {error}. It was left as it is."
        ) from error


def check_beside(certificate: Path, given: Path) -> None:
    """Before it is read: root reads it, and who has the card in hand names it. Raises ConfigError."""
    if certificate.parent != given.parent or not certificate.is_file():
        raise ConfigError(
            f"{given}: certificate = {certificate.name!r} must be a file beside it. "
            "`callbox exchange add-unit` writes both; copy both."
        )


def _checked(given: Path, check: Callable[[Path], Path | None]) -> Path | None:
    try:
        return check(given)
    except CallboxError as error:
        raise ConfigError(f"{error} {given} was not taken over; mend it, or remove it.") from error


def _mark(paths: list[Path]) -> str:
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return " ".join(hashes)


def _put_all(moved: list[Path], target: Path, group: str | None) -> None:
    target.mkdir(mode=0o750, parents=True, exist_ok=True)
    given, *certificates = moved
    # The certificate first: whenever the power goes, what is named is there.
    certificate = [
        NewFile(target / path.name, path.read_bytes(), 0o644, group) for path in certificates
    ]
    put([*certificate, NewFile(target / NAME, given.read_bytes(), 0o640, group)])


def _removed(words: str, moved: list[Path], target: Path, mark: str) -> Taken:
    left = []
    for path in moved:
        try:
            path.unlink()
        except OSError:
            left.append(path)
    if not left:
        sync(moved[0].parent)
    if moved[0] not in left:
        (target / TAKEN).unlink(missing_ok=True)
    elif _read(target / TAKEN) != mark:
        put([NewFile(target / TAKEN, mark.encode(), 0o600)])
    return Taken(words, tuple(left))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
