"""From the boot partition to /etc/callbox: once, whole, and with words for whoever looks."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from device.service.first_boot import take_over

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
    (folder / "callbox.toml").write_text(TOML)
    (folder / "exchange.pem").write_text("-----BEGIN CERTIFICATE-----")
    return folder


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
    assert names(etc) == {"callbox.toml", "exchange.pem", ".taken-over"}
    assert names(boot) == set()
    again = first_boot(boot, etc)
    assert (again.returncode, "no callbox.toml" in again.stdout) == (0, True)


def test_another_one_replaces_it(boot: Path, etc: Path) -> None:
    assert first_boot(boot, etc).returncode == 0
    (boot / "callbox.toml").write_text(TOML.replace("hall", "yard"))
    (boot / "exchange.pem").write_text("another")
    assert first_boot(boot, etc).returncode == 0
    assert "yard" in (etc / "callbox.toml").read_text()
    assert (etc / "exchange.pem").read_text() == "another"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[unit", "is not TOML"),
        ("[unit]\nsesion = 'hall'", "no setting unit.sesion"),
        (TOML.replace('uid = "door"', ""), "uid under [exchange]"),
        (TOML.replace("exchange.pem", "other.pem"), "must be a file beside it"),
        (TOML.replace("exchange.pem", "../exchange.pem"), "must be a file beside it"),
        (TOML.replace("exchange.pem", "/etc/shadow"), "must be a file beside it"),
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


def test_a_partition_that_cannot_be_written(
    boot: Path, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    taken = take_over(boot, etc, lambda path: None, None)
    assert taken is not None
    assert taken.left == (boot / "callbox.toml",)
    assert (etc / "callbox.toml").read_text() == TOML


def test_what_was_taken_is_not_taken_again_over_later_changes(boot: Path, etc: Path) -> None:
    assert first_boot(boot, etc).returncode == 0
    (etc / "callbox.toml").write_text(TOML.replace("hall", "yard"))
    (boot / "callbox.toml").write_text(TOML)  # as if it could not be removed
    done = first_boot(boot, etc)
    assert (done.returncode, "taken over before" in done.stdout) == (0, True)
    assert "yard" in (etc / "callbox.toml").read_text()
    assert "callbox.toml" not in names(boot)


def test_a_folder_that_cannot_be_written_changes_nothing(boot: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = first_boot(boot, tmp_path / "file" / "etc")
    assert done.returncode == 2
    assert "It was left as it is" in done.stderr
    assert names(boot) == {"callbox.toml", "exchange.pem"}
