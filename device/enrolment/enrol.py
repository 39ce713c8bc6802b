"""From a pairing link to a callbox.toml. Until the last step nothing of the old one is touched."""

import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from device import config
from device.enrolment.toml import merged, new_config
from device.errors import ConfigError, ExchangeUnreachable
from device.exchange.address import ExchangeAddress
from device.exchange.client.enrolment import fingerprint, redeem, shown_certificate
from device.exchange.wire import PairingLink, Redeem, Redeemed, User
from device.files import NewFile, put, sync

CERTIFICATE = "exchange.pem"
ATTEMPT = ".enrolling"
"""What this unit calls its try, beside callbox.toml until that is written. With it the same code works
again after the answer was lost."""
ATTEMPT_CHARS = 48
_STILL = (
    "Nothing was changed, and the code can still be used. Use sudo, or choose another file with "
    "--config."
)


@dataclass(frozen=True, slots=True)
class Target:
    """``group`` may read the file; None: nobody but its owner. ``is_simulated``: if there is none yet,
    what it says of the hardware."""

    path: Path
    group: str | None = None
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class Enrolled:
    uid: str
    name: str
    url: str
    session_id: str | None


async def enrol(link: PairingLink, target: Target) -> Enrolled:
    """Redeem the code, and write what it gives to the file and the certificate beside it.

    Raises ConfigError (the file or its folder cannot be used), ExchangeError (unreachable, another
    certificate, a code that is wrong, used or over). Then the file is as it was, and the same may be
    tried again.
    """
    ExchangeAddress(link.url, "", "")  # refuses what the unit would refuse
    text = _text(target)
    # Before the code is used up: whether what it gives could be written.
    _merged(text, link, Redeemed(User("unit", "unit"), "password", "session"), target.path)
    attempt = _attempt(target.path.parent)
    certificate = None if link.fingerprint is None else await _pinned(link, link.fingerprint)
    redeemed = await redeem(link.url, certificate, Redeem(link.code, attempt))
    _write(target, _merged(text, link, redeemed, target.path), certificate)
    user = redeemed.user
    return Enrolled(user.uid, user.name, link.url, redeemed.session_id)


def _text(target: Target) -> str:
    try:
        with target.path.open(newline="") as file:  # its ends of lines stay as they are
            return file.read()
    except FileNotFoundError:
        return new_config(target.is_simulated)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{target.path} cannot be read: {error}. {_STILL}") from error


def _merged(text: str, link: PairingLink, redeemed: Redeemed, path: Path) -> str:
    """A callbox.toml that a unit would take. Raises ConfigError."""
    wanted: dict[str, dict[str, str | None]] = {
        "exchange": {
            "url": link.url,
            "uid": redeemed.user.uid,
            "password": redeemed.password,
            "certificate": CERTIFICATE if link.fingerprint else None,
        }
    }
    if redeemed.session_id is not None:
        wanted["unit"] = {"session": redeemed.session_id}
    changed = merged(text, wanted, str(path))
    config.parse(tomllib.loads(changed), str(path))
    return changed


def _attempt(folder: Path) -> str:
    """The one that is there since an attempt that was cut short, or a new one."""
    path = folder / ATTEMPT
    try:
        if path.exists() and len(kept := path.read_text()) == ATTEMPT_CHARS:
            return kept
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        attempt = secrets.token_hex(ATTEMPT_CHARS // 2)
        put([NewFile(path, attempt.encode(), 0o600)])
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{folder} cannot be written: {error}. {_STILL}") from error
    return attempt


async def _pinned(link: PairingLink, wanted: str) -> str:
    shown = await shown_certificate(link.host, link.port)
    if fingerprint(shown) != wanted:
        raise ExchangeUnreachable(
            f"What answers at {link.url} shows another certificate than the pairing link names: "
            f"SHA-256 {fingerprint(shown)}. Is that the exchange's address? If it is, somebody may be "
            "in between. Nothing was sent, and nothing was changed."
        )
    return shown


def _write(target: Target, text: str, certificate: str | None) -> None:
    path, mode = target.path, 0o600 if target.group is None else 0o640
    files = [NewFile(path, text.encode(), mode, target.group)]
    if certificate is not None:
        # First: whenever the power goes, what is named is there.
        files.insert(
            0, NewFile(path.parent / CERTIFICATE, certificate.encode(), 0o644, target.group)
        )
    try:
        put(files)
        (path.parent / ATTEMPT).unlink()
        sync(path.parent)
    except (OSError, LookupError) as error:
        raise ConfigError(
            f"{path} cannot be written: {error}. It is as it was. Mend that, and enrol again with the "
            "same code, here, while it lasts."
        ) from error
