"""``callbox enroll``: gives a unit its account at an exchange, for a pairing code."""

import argparse
import asyncio
import contextlib
import grp
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from device.cli.printing import printable
from device.errors import CallboxError, ConfigError

GROUP = "callbox"


def add_to(commands: Any, default_config: Path) -> None:
    enroll = commands.add_parser(
        "enroll",
        help="enrol this unit at an exchange, with the link or the code that the exchange shows",
    )
    enroll.add_argument(
        "link",
        nargs="?",
        metavar="LINK|CODE",
        help="the pairing link (callbox://...), or the code with --exchange; asked for otherwise",
    )
    enroll.add_argument("--exchange", metavar="URL", help="with a code: where the exchange is")
    enroll.add_argument(
        "--fingerprint",
        metavar="SHA256",
        help="with a code: of the exchange's certificate, which is shown and asked about otherwise",
    )
    enroll.add_argument(
        "--config", type=Path, default=default_config, metavar="FILE", help="(%(default)s)"
    )
    enroll.add_argument(
        "--simulated",
        action="store_true",
        help="where there is no configuration yet: a test card and silence, no camera or microphone",
    )
    enroll.add_argument("--now", action="store_true", help="and restart the service")
    enroll.set_defaults(command=_enroll)


def _enroll(options: argparse.Namespace) -> int:
    from device.enrolment import Target, enrol
    from device.exchange.wire import PairingLink

    if options.now and not _has_systemd():
        raise ConfigError("--now: systemd does not run here. Leave it out, and start callbox run.")
    given = options.link or _asked("Pairing link or code: ")
    try:
        if options.exchange is None:
            link = PairingLink.parse(given)
        else:
            link = PairingLink.at(options.exchange, given, _fingerprint(options, given))
    except ValueError as error:
        raise ConfigError(f"{error} Nothing was changed.") from None
    target = Target(options.config, _group(), options.simulated)
    done = asyncio.run(enrol(link, target))
    print(f"{printable(done.name)} ({printable(done.uid)}) is enrolled at {done.url}.")
    print(f"Its account is in {options.config}.")
    return _restart() if options.now else _say_what_next(options.config)


def _fingerprint(options: argparse.Namespace, code: str) -> str | None:
    """What is given, or what a person has compared. Raises ConfigError, ValueError."""
    from device.exchange.address import ExchangeAddress
    from device.exchange.client.enrolment import fingerprint, shown_certificate
    from device.exchange.wire import plain_code, plain_fingerprint

    plain_code(code)  # before anything is asked
    ExchangeAddress(options.exchange, "", "")
    if options.fingerprint is not None:
        return plain_fingerprint(options.fingerprint)
    parts = urlsplit(options.exchange)
    if parts.scheme == "http":
        return None
    shown = fingerprint(asyncio.run(shown_certificate(parts.hostname or "", parts.port or 443)))
    pairs = ":".join(shown[at : at + 2] for at in range(0, len(shown), 2)).upper()
    print(f"{options.exchange} shows this certificate. SHA-256:\n{pairs}")
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody can be asked whether that is the exchange's. Compare it with what the exchange "
            "shows, and give it with --fingerprint. Nothing was changed."
        )
    if _asked("Does the exchange show the same? [y/N] ").lower() not in ("y", "yes"):
        raise ConfigError("Not enrolled. Nothing was changed, and the code can still be used.")
    return shown


def _asked(question: str) -> str:
    try:
        return input(question if sys.stdin.isatty() else "").strip()
    except (EOFError, UnicodeDecodeError):
        raise ConfigError("There was no answer. Nothing was changed.") from None


def _group() -> str | None:
    """Who may read the file besides its owner: the service, where root enrols for it."""
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            return grp.getgrnam(GROUP).gr_name
    return None


def _has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def _restart() -> int:
    command = ["systemctl", "restart", "callbox.service"]
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        raise CallboxError(
            "The unit is enrolled, but its service does not start: journalctl -u callbox"
        )
    print("callbox.service was restarted.")
    return 0


def _say_what_next(config: Path) -> int:
    start = "sudo systemctl restart callbox" if _has_systemd() else f"callbox run --config {config}"
    print(f"Next: {start}")
    return 0
