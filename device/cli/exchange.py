"""``callbox exchange``: runs the call service, and keeps its people and units."""

import argparse
import asyncio
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.cli import people
from device.cli.extras import need_exchange
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
    root.add_argument(
        "--keep-calls-days",
        type=int,
        metavar="DAYS",
        help="forget older calls; the newest 100,000 are kept at most (however old)",
    )
    root.add_argument(
        "--sign-in-lifetime",
        type=int,
        default=30 * 24 * 3600,
        metavar="SECONDS",
        help="after which a person signs in again; units do so by themselves (%(default)s: 30 days)",
    )
    root.set_defaults(command=_serve)
    actions = root.add_subparsers(metavar="ACTION")
    people.add_to(actions)
    unit = actions.add_parser(
        "add-unit", help="print a code with which a unit enrols, or write its configuration"
    )
    people.add_names(unit)
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
        keep_calls_days=options.keep_calls_days,
        auth_lifetime_s=options.sign_in_lifetime,
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
    from device.service.collector import in_short_pauses
    from device.service.heartbeat import Health, beating

    async def live() -> None:
        with contextlib.ExitStack() as while_up:

            def ready(url: str, fingerprint: str | None) -> None:
                while_up.enter_context(beating(lambda now_s: Health(f"Listening on {url}")))
                print(f"Listening on {url}", flush=True)
                if fingerprint:
                    print(f"Certificate: SHA-256 {fingerprint}", flush=True)

            await serve(config, ready)

    with in_short_pauses():
        asyncio.run(until_signalled(live()))
    return 0


def _add_unit(options: argparse.Namespace) -> int:
    need_exchange()
    from device.cli.add_unit import add_unit

    return add_unit(options)
