"""From the boot partition to /etc/callbox: once, whole, and with words for whoever looks."""

import errno
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device.exchange.server import certificate
from device.service.first_boot import Taken, take_over

FIRST_BOOT = [sys.executable, "-m", "device.cli.main", "first-boot", "--group", ""]
TOML = """
[unit]
session = "hall"
[exchange]
url = "https://192.168.1.10:8443"
uid = "door"
password = "a long password"
certificate = "exchange.pem"
"""


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    folder = tmp_path / "boot"
    folder.mkdir()
    give(folder, TOML)
    return folder


def give(boot: Path, toml: str) -> str:
    """With a new certificate, which is returned."""
    with tempfile.TemporaryDirectory() as exchange:
        public, _ = certificate.ensure(Path(exchange))
        pem = public.read_text()
    (boot / "callbox.toml").write_text(toml)
    (boot / "exchange.pem").write_text(pem)
    return pem


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    return tmp_path / "etc"


def first_boot(boot: Path, etc: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FIRST_BOOT, "--boot", str(boot), "--to", str(etc)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_it_is_moved(boot: Path, etc: Path) -> None:
    done = first_boot(boot, etc)
    assert (done.returncode, done.stderr) == (0, "")
    assert (etc / "callbox.toml").read_text() == TOML
    assert (etc / "callbox.toml").stat().st_mode & 0o777 == 0o640
    assert names(etc) == {"callbox.toml", "exchange.pem"}
    assert names(boot) == set()
    again = first_boot(boot, etc)
    assert (again.returncode, "no callbox.toml" in again.stdout) == (0, True)


def test_another_one_replaces_it(boot: Path, etc: Path) -> None:
    assert first_boot(boot, etc).returncode == 0
    another = give(boot, TOML.replace("hall", "yard"))
    assert first_boot(boot, etc).returncode == 0
    assert "yard" in (etc / "callbox.toml").read_text()
    assert (etc / "exchange.pem").read_text() == another


@pytest.mark.parametrize("text", [None, "[unit"])
def test_the_same_again_mends_what_is_lost_or_broken(
    boot: Path, etc: Path, text: str | None
) -> None:
    assert first_boot(boot, etc).returncode == 0
    (etc / "callbox.toml").unlink()
    if text is not None:
        (etc / "callbox.toml").write_text(text)
    give(boot, TOML)
    assert "was taken over as" in first_boot(boot, etc).stdout
    assert (etc / "callbox.toml").read_text() == TOML
    assert names(boot) == set()


def test_the_same_with_another_certificate_is_another(boot: Path, etc: Path) -> None:
    assert first_boot(boot, etc).returncode == 0
    another = give(boot, TOML)
    assert first_boot(boot, etc).returncode == 0
    assert (etc / "exchange.pem").read_text() == another
    assert names(boot) == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[unit", "is not TOML"),
        ("[unit]\nsesion = 'hall'", "no setting unit.sesion"),
        (TOML.replace('uid = "door"', ""), "uid under [exchange]"),
        (TOML.replace("exchange.pem", "other.pem"), "must be a file beside it"),
        (TOML.replace("exchange.pem", "../exchange.pem"), "must be a file beside it"),
        (TOML.replace("exchange.pem", "/etc/shadow"), "must be a file beside it"),
        (TOML.replace("exchange.pem", "callbox.toml"), "certificate"),
        (TOML.replace("https://192.168.1.10:8443", "http://10.0.0.1"), "plain HTTP"),
    ],
)
def test_a_wrong_one_stays_and_is_told(boot: Path, etc: Path, text: str, words: str) -> None:
    (boot / "callbox.toml").write_text(text)
    done = first_boot(boot, etc)
    assert done.returncode == 2
    assert words in done.stderr
    assert "mend it, or remove it" in done.stderr
    assert names(etc) == set()
    assert "callbox.toml" in names(boot)


@contextmanager
def read_only(boot: Path) -> Iterator[None]:
    """The partition cannot be written, as after an error of the card."""
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.parent == boot:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        unlink(path, missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        yield


def take(boot: Path, etc: Path) -> Taken:
    taken = take_over(boot, etc, lambda given: given.parent / "exchange.pem", None)
    assert taken is not None
    return taken


def test_what_cannot_be_removed_is_not_taken_again_over_later_changes(
    boot: Path, etc: Path
) -> None:
    with read_only(boot):
        assert take(boot, etc).left == (boot / "callbox.toml", boot / "exchange.pem")
        assert (etc / "callbox.toml").read_text() == TOML
        (etc / "callbox.toml").write_text("changed")
        again = take(boot, etc)
        assert ("taken over before" in again.words, len(again.left)) == (True, 2)
    last = take(boot, etc)
    assert ("taken over before" in last.words, last.left) == (True, ())
    assert (etc / "callbox.toml").read_text() == "changed"
    assert names(etc) == {"callbox.toml", "exchange.pem"}, "and nothing is remembered"
    assert names(boot) == set()


def test_what_cannot_be_removed_is_taken_again_where_it_was_lost(boot: Path, etc: Path) -> None:
    with read_only(boot):
        take(boot, etc)
        (etc / "callbox.toml").unlink()
        take(boot, etc)
    assert (etc / "callbox.toml").read_text() == TOML


def test_a_folder_that_cannot_be_written_changes_nothing(boot: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = first_boot(boot, tmp_path / "file" / "etc")
    assert done.returncode == 2
    assert "It was left as it is" in done.stderr
    assert names(boot) == {"callbox.toml", "exchange.pem"}
