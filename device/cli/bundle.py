"""``callbox support-bundle``: a file for who helps."""

import argparse
import json
import socket
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from device.cli.doctor import examined
from device.cli.remote import add_socket
from device.control import messages
from device.control.client import ControlClient
from device.errors import CallboxError


def add_to(commands: Any, default_config: Path) -> None:
    words = "one file for who helps: configuration, status, doctor, logs, versions; no password"
    bundle = commands.add_parser("support-bundle", help=words, description=f"{words.capitalize()}.")
    bundle.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="(callbox-support-HOST-TIME.tar.gz in this folder)",
    )
    bundle.add_argument(
        "--config", type=Path, default=default_config, metavar="FILE", help="(%(default)s)"
    )
    add_socket(bundle)
    bundle.set_defaults(command=_bundle)


def _bundle(options: argparse.Namespace) -> int:
    from device.doctor import bundle

    stamp = time.strftime("%Y%m%d-%H%M%S")
    path = options.file or Path(f"callbox-support-{socket.gethostname()}-{stamp}.tar.gz")
    if path.exists():
        return _failed(f"{path} is there already, and stays as it is. Name another file.")
    try:
        bundle.write(path, _texts(options.config, options.socket))
    except OSError as error:
        return _failed(f"{path} cannot be written: {error.strerror}. Name another file.")
    print(f"{path}\nLook through it before you send it: it names sessions, people and machines.")
    return 0


def _failed(words: str) -> int:
    print(f"callbox: {words}", file=sys.stderr)
    return 1


def _texts(config: Path, control: Path) -> dict[str, str]:
    from device.doctor import bundle, redaction, system

    table, secrets = bundle.configuration(config)
    texts = {
        "configuration.json": _json(table),
        "doctor.json": _json(examined(config, control)),
        "status.json": _status(control),
        "versions.json": _json(system.versions()),
    }
    for service, text in bundle.journal().items():
        texts[f"{service}.log"] = redaction.without_secrets(text)
    return {name: redaction.without_known(text, secrets) for name, text in texts.items()}


def _status(control: Path) -> str:
    try:
        with ControlClient(control) as unit:
            return _json(unit.ask(messages.Status))
    except CallboxError as error:
        return _json({"error": str(error)})


def _json(value: Any) -> str:
    from device.doctor.redaction import redacted

    plain = redacted(msgspec.to_builtins(value))
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
