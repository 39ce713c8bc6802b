"""Help, completion and the manual: for every command, and read by the real programs."""

import argparse
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from device.cli.main import parser
from tests.cli.terminal import callbox


def choices(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of a command."""
    return {
        name: command
        for action in of._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, command in action.choices.items()
    }


def commands(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in choices(of).items():
        yield (*path, name)
        yield from commands(command, (*path, name))


ALL = sorted(commands(parser()))
WITHOUT_DATA = {
    "run": "goes on until it is stopped",
    "end": "done or not, by the exit code",
    "metrics": "in the format of Prometheus",
    "camera snapshot": "a picture",
    "audio forget": "done or not, by the exit code",
    "support-bundle": "a file",
    "exchange": "goes on until it is stopped",
    "exchange add-user": "done or not, by the exit code",
    "exchange add-unit": "a code, or files",
    "enroll": "done or not, by the exit code",
    "exchange remove-user": "done or not, by the exit code",
    "exchange revoke": "done or not, by the exit code",
    "exchange add-group": "done or not, by the exit code",
    "exchange remove-group": "done or not, by the exit code",
    "demo": "for a person",
    "first-boot": "done or not, by the exit code",
    "completion": "a script",
    "manpage": "a manual",
}
"""What prints no data, and what instead. A command that is not here has --json."""


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_has_help(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "usage: callbox " + " ".join(command) in " ".join(shown.split())


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_that_prints_data_prints_json(command: tuple[str, ...]) -> None:
    own = parser()
    for name in command:
        own = choices(own)[name]
    has_json = any("--json" in action.option_strings for action in own._actions)
    is_group = bool(choices(own)) and own.get_default("command") is None
    assert has_json is (" ".join(command) not in WITHOUT_DATA and not is_group)


def test_bash_completes_commands_and_their_options() -> None:
    script = callbox("completion", "bash").stdout

    def completed(*words: str) -> set[str]:
        line = " ".join(f'"{word}"' for word in words)
        program = (
            f"source /dev/stdin\nCOMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n"
            "_shtab_callbox 2>/dev/null\nprintf '%s\\n' \"${COMPREPLY[@]}\""
        )
        done = subprocess.run(
            ["bash", "-c", 'script=$(cat); eval "$script"; ' + program.split("\n", 1)[1]],
            input=script,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return set(done.stdout.split())

    assert {"status", "doctor", "support-bundle"} <= completed("callbox", "")
    assert completed("callbox", "cam") == {"camera"}
    assert {"front", "rear", "switch", "on", "off"} <= completed("callbox", "camera", "")


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_its_script() -> None:
    script = callbox("completion", "zsh").stdout
    subprocess.run(["zsh", "-n"], input=script, text=True, timeout=30, check=True)


def test_the_manual_names_every_command_and_man_takes_it() -> None:
    page = callbox("manpage").stdout
    for command in ALL:
        assert '.SS "callbox ' + " ".join(command).replace("-", "\\-") + '"' in page
    man = shutil.which("groff") or shutil.which("man")
    if man is None:
        pytest.skip("neither groff nor man is installed")
    done = subprocess.run(
        [man, "-man", "-Tascii", "-P-cbou", "-ww"]
        if man.endswith("groff")
        else [man, "--warnings", "-l", "-"],
        input=page,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    assert "EXIT STATUS" in done.stdout
