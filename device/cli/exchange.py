"""``callbox exchange``: runs the call service, and keeps its people and units."""

import argparse
import asyncio
import contextlib
import getpass
import importlib.util
import json
import re
import secrets
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.cli.signals import until_signalled
from device.errors import ConfigError
from device.exchange.address import ExchangeAddress

if TYPE_CHECKING:
    from device.exchange.server.config import ExchangeConfig
    from device.exchange.wire import IceServerItem, User

DEFAULT_DATA = Path("/var/lib/callbox-exchange")

_UNIT_CONFIG = """\
# Made by `callbox exchange add-unit`. Copy this folder to the unit as /etc/callbox.
[unit]
session = {session}

[exchange]
url = {url}
uid = {uid}
password = {password}
{certificate}
[call]
idle_timeout_s = 0

[hardware]
{hardware}"""
_BOARD = """\
camera = "picamera"  # on the ribbon connector; "webcam": a USB one
audio = "alsa"       # which sound card is which route: docs/sound.md
buttons = "gpio"     # at the pins under [hardware.pins]; "disabled": there are none
"""
_SIMULATED = """\
camera = "simulated"  # a test card
audio = "simulated"   # silence
buttons = "disabled"
"""


def add_to(commands: Any) -> None:
    """Add the command and its actions to a parser's commands."""
    root = commands.add_parser("exchange", help="run the call service; add people and units")
    root.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="its state (%(default)s)"
    )
    root.add_argument("--host", default="0.0.0.0", help="address to listen on (all)")
    root.add_argument("--port", type=int, default=8443, help="0 for any (%(default)s)")
    root.add_argument(
        "--plain-http", action="store_true", help="no TLS; allowed on a loopback address only"
    )
    root.add_argument(
        "--ice-server",
        action="append",
        default=[],
        metavar="URL[,USER,SECRET]",
        help="a STUN or TURN server for all members; may be given several times",
    )
    root.add_argument("--max-members", type=int, default=4, help="in a session (%(default)s)")
    root.add_argument(
        "--token-lifetime",
        type=int,
        default=600,
        metavar="SECONDS",
        help="of a call token (%(default)s)",
    )
    root.set_defaults(command=_serve)
    actions = root.add_subparsers(metavar="ACTION")
    person = actions.add_parser("add-user", help="add a person, who signs in in a browser")
    _add_names(person)
    person.set_defaults(command=_add_user)
    unit = actions.add_parser("add-unit", help="add a unit, and write its configuration")
    _add_names(unit)
    unit.add_argument("--address", required=True, help="where units reach this exchange (URL)")
    unit.add_argument("--session", required=True, help="the session that the unit joins")
    unit.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for its configuration"
    )
    unit.add_argument(
        "--simulated",
        action="store_true",
        help="for a unit to try out on any machine: a test card and silence, no camera or microphone",
    )
    unit.set_defaults(command=_add_unit)


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uid", help="the name to sign in with")
    parser.add_argument("--name", help="the name that others see (the same)")
    parser.add_argument(
        "--replace", action="store_true", help="if there is such an account: with another password"
    )


def need_exchange() -> None:
    """The exchange's libraries are an extra: a unit that hosts none does not carry them.

    Raises ConfigError where they are not installed.
    """
    if importlib.util.find_spec("fastapi") is None:
        raise ConfigError(
            "The exchange is not installed here. In callbox's folder: "
            ".venv/bin/pip install -e '.[exchange]'"
        )


def _config(options: argparse.Namespace) -> "ExchangeConfig":
    need_exchange()
    from device.exchange.server.config import ExchangeConfig

    return ExchangeConfig(
        data_dir=options.data,
        host=options.host,
        port=options.port,
        tls=not options.plain_http,
        ice_servers=tuple(_ice_server(text) for text in options.ice_server),
        max_members=options.max_members,
        token_lifetime_s=options.token_lifetime,
    )


def _ice_server(text: str) -> "IceServerItem":
    from device.exchange.wire import IceServerItem

    url, *account = text.split(",")
    if not re.fullmatch(r"(stuns?|turns?):[^\s,]+", url) or len(account) not in (0, 2):
        raise ConfigError(
            f"--ice-server {url}: give stun:HOST:PORT, or turn:HOST:PORT,USER,SECRET."
        )
    return IceServerItem([url], *account)


def _serve(options: argparse.Namespace) -> int:
    config = _config(options)
    from device.exchange.server.run import serve
    from device.service.heartbeat import Health, beating

    async def live() -> None:
        with contextlib.ExitStack() as while_up:

            def ready(url: str, fingerprint: str | None) -> None:
                while_up.enter_context(beating(lambda now_s: Health(f"Listening on {url}")))
                print(f"Listening on {url}", flush=True)
                if fingerprint:
                    print(f"Certificate: SHA-256 {fingerprint}", flush=True)

            await serve(config, ready)

    asyncio.run(until_signalled(live()))
    return 0


def _add(options: argparse.Namespace, user: "User", password: str) -> None:
    from device.exchange.server.administration import add_accounts

    asyncio.run(add_accounts(options.data, {user: password}, replace=options.replace))


def _add_user(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.wire import User

    _add(options, User(options.uid, options.name or options.uid), _ask_password())
    print(f"{options.uid} can sign in now.")
    return 0


def _ask_password() -> str:
    """From the terminal, twice; or the first line of what is piped in."""
    if not sys.stdin.isatty():
        try:
            given = sys.stdin.buffer.readline().decode()
        except UnicodeDecodeError:
            raise ConfigError("The password is not UTF-8. Nothing was changed.") from None
        return given.rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigError("The two passwords differ. Nothing was changed.")
    return password


def _add_unit(options: argparse.Namespace) -> int:
    need_exchange()
    from device.config import LONGEST_SESSION_ID
    from device.exchange.wire import User

    password = secrets.token_urlsafe(24)
    ExchangeAddress(options.address, options.uid, password)  # refuses what the unit would refuse
    if not 0 < len(options.session) <= LONGEST_SESSION_ID:
        raise ConfigError(f"--session must have 1 to {LONGEST_SESSION_ID} characters.")
    _check_writable(options.out)
    _add(options, User(options.uid, options.name or options.uid, kind="unit"), password)
    _write_unit(options, password)
    print(f"{options.out} has what the unit {options.uid} needs. Copy it there as /etc/callbox.")
    return 0


def _check_writable(folder: Path) -> None:
    """Before an account gets a password that nobody would learn. Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written: {error}. Nothing was changed; choose another with --out."
        ) from error


def _write_unit(options: argparse.Namespace, password: str) -> None:
    from device.exchange.server import certificate

    pinned = ""
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        if options.address.startswith("https:"):
            public, _ = certificate.ensure(options.data)
            (options.out / "exchange.pem").write_bytes(public.read_bytes())
            pinned = 'certificate = "exchange.pem"\n'
        # A JSON string is a TOML string.
        text = _UNIT_CONFIG.format(
            session=json.dumps(options.session),
            url=json.dumps(options.address),
            uid=json.dumps(options.uid),
            password=json.dumps(password),
            certificate=pinned,
            hardware=_SIMULATED if options.simulated else _BOARD,
        )
        path = options.out / "callbox.toml"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text)
    except OSError as error:
        raise ConfigError(
            f"{options.out} cannot be written: {error}. The account was made; run this again "
            "with --replace and another --out."
        ) from error
