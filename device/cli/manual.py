"""``callbox completion`` for shells, and ``callbox manpage``: both drawn from the parser."""

import argparse
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from typing import Any

SHELLS = ("bash", "zsh")

_TAIL = """\
.SH EXIT STATUS
.TP
.B 0
Done; for what runs until it is stopped: it was stopped.
.TP
.B 1
It failed, and the message says what to do; for doctor: something failed.
.TP
.B 2
The command line or the configuration is wrong.
.TP
.B 3
No unit runs here, or this user may not speak to it.
.TP
.B 130
Interrupted before it was done.
.SH ENVIRONMENT
.TP
.B CALLBOX_SOCKET
The control socket of the unit; --socket overrides it.
.TP
.B NO_COLOR
No colours. There are none either where the output is no terminal.
.SH FILES
.TP
.I /etc/callbox/callbox.toml
The configuration.
.TP
.I /run/callbox/control.sock
The control socket, for root and the group callbox.
"""


def add_to(commands: Any, whole: Callable[[], argparse.ArgumentParser]) -> None:
    """``whole`` makes the parser that is described."""
    completion = commands.add_parser(
        "completion",
        help="what completes these commands in a shell",
        description="Print a completion script; in bash: source <(callbox completion bash).",
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(command=partial(_completion, whole))
    page = commands.add_parser(
        "manpage",
        help="the manual, for man",
        description="Print the manual page; to read it: callbox manpage | man -l -.",
    )
    page.set_defaults(command=partial(_manpage, whole))


def _completion(whole: Callable[[], argparse.ArgumentParser], options: argparse.Namespace) -> int:
    import shtab

    print(shtab.complete(whole(), options.shell))
    return 0


def _manpage(whole: Callable[[], argparse.ArgumentParser], options: argparse.Namespace) -> int:
    print(manpage(whole()), end="")
    return 0


def manpage(parser: argparse.ArgumentParser) -> str:
    """Section 1 of the manual, in man's roff."""
    name = parser.prog
    lines = [
        f'.TH {name.upper()} 1 "" "{name} {version("callbox")}"',
        ".SH NAME",
        f"{name} \\- {_roff(parser.description or '')}",
        ".SH SYNOPSIS",
        f".B {name}",
        "[\\fIoption\\fR ...] \\fIcommand\\fR [\\fIargument\\fR ...]",
        ".SH OPTIONS",
        *_options(parser),
        ".SH COMMANDS",
        *_commands(parser),
    ]
    return "\n".join(lines) + "\n" + _TAIL


# argparse has no public way to walk a parser: its private names are read here alone, and the test of
# the manual fails when one of them is another.


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        words = {choice.dest: choice.help for choice in action._choices_actions}
        for name, command in action.choices.items():
            yield f'.SS "{_roff(command.prog)}"'
            text = command.description or words.get(name) or ""
            yield _roff(_sentence(text))
            yield ".PP"
            yield f".B {_roff(_usage(command))}"
            yield from _options(command)
            yield from _commands(command)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    formatter = parser._get_formatter()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        yield ".TP"
        shown = formatter._format_action_invocation(action)
        yield f".B {_roff(shown)}"
        yield _roff(formatter._expand_help(action)) if action.help else "\\&"


def _usage(command: argparse.ArgumentParser) -> str:
    return re.sub(r"\s+", " ", command.format_usage().removeprefix("usage: ")).strip()


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") or not text else text + "."


def _roff(text: str) -> str:
    """Text that man shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in ".'" else text
