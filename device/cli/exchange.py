"""``callbox exchange``: runs the call service, and keeps its people and units."""

import argparse
import asyncio
import contextlib
import getpass
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.cli.signals import until_signalled
from device.errors import ConfigError

if TYPE_CHECKING:
    from device.exchange.server.config import ExchangeConfig
    from device.exchange.wire import IceServerItem

DEFAULT_DATA = Path("/var/lib/callbox-exchange")


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
    unit = actions.add_parser(
        "add-unit", help="print a code with which a unit enrols, or write its configuration"
    )
    _add_names(unit)
    unit.add_argument(
        "--address", help="where units reach this exchange (URL; this machine's address and --port)"
    )
    unit.add_argument("--session", help="the session that the unit joins by itself")
    unit.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="no code: make the account now, and write this folder to be copied to the unit",
    )
    unit.add_argument(
        "--simulated",
        action="store_true",
        help="with --out, for a unit to try out on any machine: a test card and silence",
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


def _add_user(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server.administration import add_accounts
    from device.exchange.wire import User

    user, password = User(options.uid, options.name or options.uid), _ask_password()
    asyncio.run(add_accounts(options.data, {user: password}, replace=options.replace))
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
    from device.cli.add_unit import add_unit

    return add_unit(options)
