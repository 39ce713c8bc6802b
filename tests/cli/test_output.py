"""What becomes of what is printed, and of arguments that are none, in processes of their own."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.terminal import CALLBOX
from tests.cli.test_config_check import written

ENTRY = [sys.executable, "-m", "device.cli.entry"]


def shell(
    *arguments: str | Path, to: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command with its output redirected as a person does it."""
    return subprocess.run(
        ["sh", "-c", f"{shlex.join([*CALLBOX, *map(str, arguments)])} {to}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("to", [">&-", "2>&-", ">&- 2>&-"])
def test_output_that_is_closed_is_no_defect(tmp_path: Path, to: str) -> None:
    nowhere = ["--config", tmp_path / "none.toml", "--socket", tmp_path / "none.sock"]
    done = shell("doctor", *nowhere, to=to)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("command", [["manpage"], ["completion", "bash"]])
def test_a_disk_that_is_full_is_told_in_a_sentence(command: list[str]) -> None:
    done = shell(*command, to="> /dev/full")
    assert done.returncode == 1
    assert done.stderr == "callbox: It cannot be written: No space left on device.\n"


def test_a_terminal_without_a_letter_gets_a_question_mark(tmp_path: Path) -> None:
    unit = ["--config", written(tmp_path), "--socket", tmp_path / "none.sock"]
    done = shell("doctor", *unit, PYTHONIOENCODING="ascii")
    assert "45 ?C" in done.stdout
    assert "Traceback" not in done.stderr
    whole = shell("doctor", "--json", *unit, PYTHONIOENCODING="ascii")
    assert "45 °C" in {check["seen"] for check in json.loads(whole.stdout)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["join", b"\xff"], "a session must be text in UTF-8"),
        (["run", "--session", b"\xff"], "a session must be text in UTF-8"),
        (["join", ""], "a session has 1 to 128 characters"),
        (["join", "x" * 129], "a session has 1 to 128 characters"),
        (["top", "--interval", "x"], "it must be 0.2 to 3600 seconds"),
        (["top", "--interval", "nan"], "it must be 0.2 to 3600 seconds"),
        (["top", "--interval", "0"], "it must be 0.2 to 3600 seconds"),
    ],
)
def test_an_argument_that_is_none_is_told_in_words(
    arguments: list[str | bytes], words: str
) -> None:
    done = subprocess.run([*CALLBOX, *arguments], capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert words in done.stderr.decode()


def test_an_interruption_while_it_is_loaded_is_no_traceback(tmp_path: Path) -> None:
    slow = "import time\nprint('loading', flush=True)\ntime.sleep(60)\n"
    (tmp_path / "msgspec.py").write_text(slow)
    with subprocess.Popen(
        [*ENTRY, "status"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    ) as loading:
        assert loading.stdout is not None
        assert loading.stdout.readline() == "loading\n"
        loading.send_signal(signal.SIGINT)
        assert loading.communicate(timeout=30) == ("", "")
    assert loading.returncode == 130


def test_the_command_begins_there() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["scripts"]["callbox"] == "device.cli.entry:main"
    done = subprocess.run([*ENTRY, "--version"], capture_output=True, timeout=60, check=True)
    assert done.stdout.startswith(b"callbox ")
