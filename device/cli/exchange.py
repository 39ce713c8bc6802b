"""``callbox exchange``: runs the call service, and keeps its people and units."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from device.errors import ConfigError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from device.exchange.server.config import ExchangeConfig

DEFAULT_DATA = Path("/var/lib/callbox-exchange")


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its sub-commands."""
    root = commands.add_parser("exchange", help="run the call service, or add people and units")
    root.add_argument(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        metavar="DIR",
        help="its state (default: %(default)s)",
    )
    root.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")
    root.add_argument(
        "--port", type=int, default=8443, help="port, 0 for any (default: %(default)s)"
    )
    root.add_argument(
        "--plain-http", action="store_true", help="no TLS; allowed on a loopback address only"
    )
    root.set_defaults(command=_serve)
    actions = root.add_subparsers(metavar="ACTION")
    person = actions.add_parser("add-user", help="add a person who signs in in a browser")
    _add_names(person)
    person.set_defaults(command=_add_user)
    unit = actions.add_parser("add-unit", help="add a unit and write its configuration")
    _add_names(unit)
    unit.add_argument("--address", required=True, help="where units reach this exchange (URL)")
    unit.add_argument("--session", required=True, help="the session that the unit joins")
    unit.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where its files are written"
    )
    unit.set_defaults(command=_add_unit)


def _add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uid", help="the name to sign in with")
    parser.add_argument("--name", help="the name that others see (default: the same)")


def _config(options: argparse.Namespace) -> "ExchangeConfig":
    _need_exchange()
    from device.exchange.server.config import ExchangeConfig

    return ExchangeConfig(
        data_dir=options.data, host=options.host, port=options.port, tls=not options.plain_http
    )


def _need_exchange() -> None:
    """The exchange's libraries are an extra: a unit that hosts none does not carry them."""
    try:
        import fastapi  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "The exchange is not installed here. Run: pip install 'callbox[exchange]'"
        ) from error
