"""The commands that speak to the running unit: its state, its call, its events."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from device.cli.arguments import seconds
from device.config import LONGEST_SESSION_ID
from device.control import messages
from device.control.client import ControlClient, default_socket
from device.control.readings import CallReading, DoorReading, Happening, UnitReading
from hal import AudioMode

SWITCHES = {"on": True, "off": False, "toggle": None}


def add_to(commands: Any) -> None:
    """Add the commands to a parser's commands."""
    status = _add(commands, "status", _status, "the unit and its call, on one screen")
    with_json(status)
    join = _add(commands, "join", _join, "join a session, and stay in it")
    join.add_argument(
        "session", nargs="?", type=session_id, metavar="SESSION", help="(the configured one)"
    )
    _add(commands, "end", _end, "cancel or end the call, or leave the session")
    mute = _add(commands, "mute", _mute, "mute the microphone, or let it be heard again")
    mute.add_argument(
        "switch", nargs="?", choices=list(SWITCHES), default="toggle", help="(%(default)s)"
    )
    route = _add(
        commands, "route", _route, "where the sound is played; without MODE, what there is"
    )
    route.add_argument("mode", nargs="?", choices=[mode.value for mode in AudioMode])
    pip = _add(commands, "pip", _pip, "make the call's view small, over what else is shown")
    pip.add_argument(
        "switch", nargs="?", choices=list(SWITCHES), default="toggle", help="(%(default)s)"
    )
    with_json(_add(commands, "door", _door, "open the door, for as long as door_open_s says"))
    _add(commands, "metrics", _metrics, "what Prometheus reads, as text")
    top = _add(commands, "top", _top, "the media of the call, live, until interrupted")
    top.add_argument(
        "--interval", type=seconds(0.2, 3600), default=1.0, metavar="SECONDS", help="(%(default)s)"
    )
    top.add_argument("--once", action="store_true", help="look once; so it does without a terminal")
    top.add_argument("--json", action="store_true", help="a JSON object a line")
    for parser in (join, mute, route, pip):
        with_json(parser)
    events = _add(commands, "events", _events, "what happens in the unit's calls, and who rings")
    events.add_argument(
        "--follow", action="store_true", required=True, help="go on until interrupted"
    )
    events.add_argument("--json", action="store_true", help="a JSON object a line")


def _add(
    commands: Any, name: str, command: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=f"{words}.")
    add_socket(parser)
    parser.set_defaults(command=command)
    return parser


def add_socket(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--socket", type=Path, default=default_socket(), metavar="FILE", help="(%(default)s)"
    )


def with_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def session_id(text: str) -> str:
    """An argument that names a session."""
    if not 0 < len(text) <= LONGEST_SESSION_ID:
        raise argparse.ArgumentTypeError(f"a session has 1 to {LONGEST_SESSION_ID} characters")
    try:
        text.encode()
    except UnicodeEncodeError:  # what the shell gave was not UTF-8
        raise argparse.ArgumentTypeError("a session must be text in UTF-8") from None
    return text


@contextmanager
def unit_of(options: argparse.Namespace) -> Iterator[ControlClient]:
    """The running unit. Raises UnitUnreachable, saying what to do."""
    with ControlClient(options.socket) as client:
        yield client


def _status(options: argparse.Namespace) -> int:
    from device.cli.summary import unit_lines

    with unit_of(options) as unit:
        reading: UnitReading = unit.ask(messages.Status)
    return show(options, reading, unit_lines(reading))


def _join(options: argparse.Namespace) -> int:
    return ask(options, messages.Join, session=options.session)


def _end(options: argparse.Namespace) -> int:
    with unit_of(options) as unit:
        unit.ask(messages.End)
    print("The call is over.")
    return 0


def _mute(options: argparse.Namespace) -> int:
    return ask(options, messages.Mute, muted=SWITCHES[options.switch])


def _route(options: argparse.Namespace) -> int:
    if options.mode is not None:
        return ask(options, messages.Route, mode=AudioMode(options.mode))
    from device.cli.printing import print_json, printable

    with unit_of(options) as unit:
        call = unit.ask(messages.Status).call
    routes = call.routes if call is not None else ()
    if options.json:
        print_json(routes)
    elif call is None:
        print("No call is on; `callbox doctor` looks at the routes without one.")
    else:
        for route in routes:
            mark = "*" if route.is_selected else " "
            print(f"{mark} {route.mode.value:<12}{printable(route.name)}")
    return 0


def _pip(options: argparse.Namespace) -> int:
    return ask(options, messages.Pip, shown=SWITCHES[options.switch])


def _door(options: argparse.Namespace) -> int:
    with unit_of(options) as unit:
        opened: DoorReading = unit.ask(messages.Door)
    return show(options, opened, [f"The door is open for {opened.open_s:g} s."])


def ask(options: argparse.Namespace, kind: Callable[..., messages.Ask], **fields: Any) -> int:
    """Ask, and show the call as it is then."""
    from device.cli.summary import call_lines

    with unit_of(options) as unit:
        call: CallReading = unit.ask(kind, **fields)
    return show(options, call, call_lines(call))


def show(options: argparse.Namespace, reading: object, lines: Iterable[str]) -> int:
    """As JSON for a program, as lines for a person."""
    from device.cli.printing import print_json

    if options.json:
        print_json(reading)
    else:
        print(*lines, sep="\n")
    return 0


def _metrics(options: argparse.Namespace) -> int:
    from device.control.metrics import metrics_text

    with unit_of(options) as unit:
        print(metrics_text(unit.ask(messages.Status)), end="")
    return 0


def _top(options: argparse.Namespace) -> int:
    once = options.once or not (options.json or sys.stdout.isatty())

    def look() -> UnitReading:
        with unit_of(options) as unit:  # anew: the unit closes a connection that is long idle
            reading: UnitReading = unit.ask(messages.Status)
            return reading

    try:
        if options.json:
            _top_json(look, options.interval, once)
        else:
            from device.cli.top import top

            top(look, options.interval, once)
    except KeyboardInterrupt:
        return 0
    return 0


def _top_json(look: Callable[[], UnitReading], every_s: float, once: bool) -> None:
    from device.cli.printing import print_json

    while True:
        print_json(look(), indent=None)
        if once:
            return
        time.sleep(every_s)


def _events(options: argparse.Namespace) -> int:
    from device.cli.printing import print_json

    with unit_of(options) as unit:
        news = unit.follow(messages.Follow)
        print(f"Following {options.socket}; Ctrl-C ends it.", file=sys.stderr, flush=True)
        try:
            for one in news:
                print_json(one, indent=None) if options.json else print(_line(one), flush=True)
        except KeyboardInterrupt:
            return 0
    return 0


def _line(one: Happening) -> str:
    from device.cli.printing import printable

    at = time.strftime("%H:%M:%S", time.localtime(one.at_s))
    details = " ".join(f"{name}={_short(value)}" for name, value in one.details.items())
    return printable(f"{at} {one.event} {details}".rstrip())


def _short(value: Any) -> str:
    """A participant by their name; all else as JSON."""
    if isinstance(value, dict) and "name" in value:
        return str(value["name"])
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_short, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
