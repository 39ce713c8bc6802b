"""Files that are written whole or not at all, whenever the power goes."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NewFile:
    """``group`` may read it, if ``mode`` lets it; None: it stays the one of who writes."""

    path: Path
    content: bytes = field(repr=False)
    mode: int
    group: str | None = None


def put(files: Sequence[NewFile]) -> None:
    """Write files of one folder, in this order: if the power goes in between, only the first are there.
    All of them are on the disk before the first takes the place of what was there.

    Raises OSError, and LookupError for a group that there is not; then nothing was changed.
    """
    staged: list[str] = []
    try:
        for each in files:
            handle, name = tempfile.mkstemp(dir=each.path.parent, prefix=f".{each.path.name}.")
            staged.append(name)
            with os.fdopen(handle, "wb") as file:
                file.write(each.content)
                file.flush()
                if each.group is not None:
                    shutil.chown(name, group=each.group)
                os.fchmod(file.fileno(), each.mode)
                os.fsync(file.fileno())
        for each, name in zip(files, staged, strict=True):
            os.replace(name, each.path)
    except BaseException:
        for name in staged:
            Path(name).unlink(missing_ok=True)
        raise
    sync(files[0].path.parent)


def sync(folder: Path) -> None:
    """Let the names in a folder outlive a power cut. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
