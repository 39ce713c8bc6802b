"""``callbox exchange add-unit``: a pairing code for a unit, or its configuration as a folder."""

import argparse
import asyncio
import secrets
import tempfile
import time
from pathlib import Path

from device.cli.qr import print_qr
from device.errors import ConfigError
from device.exchange.address import ExchangeAddress


def add_unit(options: argparse.Namespace) -> int:
    """The exchange's libraries have to be there."""
    from device.config import LONGEST_SESSION_ID

    if options.session is not None and not 0 < len(options.session) <= LONGEST_SESSION_ID:
        raise ConfigError(f"--session must have 1 to {LONGEST_SESSION_ID} characters.")
    if options.address is None:
        options.address = _own_address(options.port)
    ExchangeAddress(options.address, options.uid, "")  # refuses what the unit would refuse
    return _print_code(options) if options.out is None else _write_folder(options)


def _own_address(port: int) -> str:
    from device.exchange.server.certificate import own_address
    from device.exchange.wire import netloc

    return f"https://{netloc(own_address(), port)}"


def _print_code(options: argparse.Namespace) -> int:
    from device.exchange.server import certificate
    from device.exchange.server.administration import offer_pairing
    from device.exchange.server.pairings import new_code
    from device.exchange.wire import NewPairing, PairingLink, plain_fingerprint

    shown = None
    if options.address.startswith("https:"):
        shown = certificate.fingerprint(certificate.ensure(options.data)[0])
    pinned = None if shown is None else plain_fingerprint(shown)
    try:
        link = PairingLink.at(options.address, new_code(), pinned)
    except ValueError as error:
        raise ConfigError(f"--address: {error}") from None
    wanted = NewPairing(options.uid, options.name or options.uid, options.session)
    until = asyncio.run(offer_pairing(options.data, wanted, link.code, options.replace))
    end = time.strftime("%H:%M", time.localtime(until))
    print(f"{options.uid} enrols with this code, once, until {end}:")
    print(f"\n    {link.shown_code}\n\nOn the unit:\n\n    sudo callbox enroll {link}\n")
    print(f"or: sudo callbox enroll --exchange {link.url} {link.shown_code}")
    if shown is not None:
        print(f"which asks whether the exchange's certificate is this one. SHA-256:\n{shown}")
    print()
    print_qr(str(link).upper())
    return 0


def _write_folder(options: argparse.Namespace) -> int:
    from device.exchange.server.administration import add_accounts
    from device.exchange.wire import User

    if options.session is None:
        raise ConfigError("With --out, give --session: what the unit is to join.")
    password = secrets.token_urlsafe(24)
    _check_writable(options.out)
    user = User(options.uid, options.name or options.uid, kind="unit")
    asyncio.run(add_accounts(options.data, {user: password}, replace=options.replace))
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
    from device.enrolment import merged, new_config
    from device.exchange.server import certificate
    from device.files import NewFile, put

    is_pinned = options.address.startswith("https:")
    path = options.out / "callbox.toml"
    account = {
        "url": options.address,
        "uid": options.uid,
        "password": password,
        "certificate": "exchange.pem" if is_pinned else None,
    }
    wanted = {"unit": {"session": options.session}, "exchange": account}
    text = merged(new_config(options.simulated), wanted, str(path))
    files = [NewFile(path, text.encode(), 0o600)]
    try:
        if is_pinned:
            public, _ = certificate.ensure(options.data)
            files.insert(0, NewFile(options.out / "exchange.pem", public.read_bytes(), 0o644))
        put(files)
    except OSError as error:
        raise ConfigError(
            f"{options.out} cannot be written: {error}. The account was made; run this again "
            "with --replace and another --out."
        ) from error
