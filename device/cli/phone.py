"""The commands of the unit's phone: call, answer, reject, do not disturb."""

import argparse
from collections.abc import Callable
from typing import Any

from device.cli.remote import add_socket, show, unit_of, with_json
from device.control import messages
from device.control.readings import PhoneReading
from device.phone.values import LONGEST_ID, Whom


def add_to(commands: Any) -> None:
    """Add the commands to a parser's commands."""
    call = _add(commands, "call", _call, "ring a user, or a group")
    call.add_argument(
        "whom", nargs="?", type=whom, metavar="USER|group:ID", help="(whom the call button calls)"
    )
    kind = call.add_mutually_exclusive_group()
    kind.add_argument("--audio", action="store_true", default=None, help="without pictures")
    kind.add_argument("--video", action="store_false", dest="audio", help="with pictures")
    _add(commands, "answer", _answer, "answer who rings")
    _add(commands, "reject", _reject, "reject who rings")
    dnd = _add(commands, "dnd", _dnd, "do not disturb: not to ring, or to ring again")
    dnd.add_argument("switch", choices=["on", "off"])


def whom(text: str) -> Whom:
    """An argument that names a user, or a group with ``group:`` before its id."""
    says_which = text.startswith(("user:", "group:"))
    try:
        found = Whom.parse(text if says_which else f"user:{text}")
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a user or a group has 1 to {LONGEST_ID} characters"
        ) from None
    try:
        text.encode()
    except UnicodeEncodeError:  # what the shell gave was not UTF-8
        raise argparse.ArgumentTypeError("a user must be text in UTF-8") from None
    return found


def _add(
    commands: Any, name: str, command: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=f"{words}.")
    add_socket(parser)
    with_json(parser)
    parser.set_defaults(command=command)
    return parser


def _call(options: argparse.Namespace) -> int:
    return _ask(options, messages.Call, whom=options.whom, audio_only=options.audio)


def _answer(options: argparse.Namespace) -> int:
    return _ask(options, messages.AnswerCall)


def _reject(options: argparse.Namespace) -> int:
    return _ask(options, messages.RejectCall)


def _dnd(options: argparse.Namespace) -> int:
    return _ask(options, messages.DoNotDisturb, on=options.switch == "on")


def _ask(options: argparse.Namespace, kind: Callable[..., messages.Ask], **fields: Any) -> int:
    """Ask, and show the phone as it is then."""
    from device.cli.summary import phone_lines

    with unit_of(options) as unit:
        phone: PhoneReading = unit.ask(kind, **fields)
    return show(options, phone, phone_lines(phone))
