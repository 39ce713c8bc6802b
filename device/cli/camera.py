"""``callbox camera``: which camera, whether it is on, and a still picture of it."""

import argparse
import sys
from pathlib import Path
from typing import Any

from device.cli.remote import add_socket, ask, unit_of, with_json
from device.control import messages
from device.control.messages import CameraWish
from device.control.readings import StillReading
from hal import Facing

WORDS = {
    CameraWish.FRONT: "show what is before the unit",
    CameraWish.REAR: "show what is behind it",
    CameraWish.SWITCH: "show the other side",
    CameraWish.ON: "open the camera",
    CameraWish.OFF: "close it: nobody sees anything",
}


def add_to(commands: Any) -> None:
    """Add the command and its actions to a parser's commands."""
    root = commands.add_parser("camera", help="which camera, whether it is on, a still picture")
    actions = root.add_subparsers(required=True, metavar="ACTION")
    for wish, words in WORDS.items():
        action = actions.add_parser(wish.value, help=words, description=f"{words.capitalize()}.")
        add_socket(action)
        with_json(action)
        action.set_defaults(command=_steer, wish=wish)
    words = "a still picture, JPEG, also while no call is on"
    still = actions.add_parser("snapshot", help=words, description=f"{words.capitalize()}.")
    still.add_argument("file", type=Path, metavar="FILE", help="- for standard output")
    still.add_argument(
        "--facing",
        choices=[facing.value for facing in Facing],
        help="(the camera in use, else the first)",
    )
    add_socket(still)
    still.set_defaults(command=_snapshot)


def _steer(options: argparse.Namespace) -> int:
    return ask(options, messages.Camera, wish=options.wish)


def _snapshot(options: argparse.Namespace) -> int:
    wanted = Facing(options.facing) if options.facing else None
    with unit_of(options) as unit:
        still: StillReading = unit.ask(messages.Snapshot, facing=wanted)
    if str(options.file) == "-":
        sys.stdout.buffer.write(still.jpeg)
        sys.stdout.buffer.flush()
        return 0
    try:
        options.file.write_bytes(still.jpeg)
    except OSError as error:
        print(f"callbox: {options.file} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"{options.file}: {still.facing.value}, {len(still.jpeg) // 1024} KiB")
    return 0
