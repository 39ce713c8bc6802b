"""Whether callbox.toml can be read, and says all that a call needs."""

from collections.abc import Callable
from pathlib import Path

from device.config import Config, check_can_join, load
from device.control.readings import Check, Verdict
from device.control.scrape import address_of
from device.errors import CallboxError
from device.exchange.address import ExchangeAddress
from hal import HalError

ABSENT = (
    "Here: sudo callbox enroll, with the code that `callbox exchange add-unit` prints on the exchange. "
    "Or name the file: --config FILE."
)
PART = "configuration"
REMEDY = "Correct it, then: callbox config check; sudo systemctl restart callbox."
_WRITTEN = (
    "`callbox enroll` writes all of it, with the code that `callbox exchange add-unit` prints on the "
    "exchange; or name another file with --config."
)


def check_config(path: Path) -> tuple[Config | None, Check]:
    """The configuration as well, where it can be read."""
    try:
        config = load(path)
    except CallboxError as error:
        remedy = "Use sudo." if _is_hidden(path) else REMEDY if path.exists() else ABSENT
        return None, _failed(str(error), remedy)
    missing = [name for name, value in _needed(config).items() if not value]
    if missing:
        return config, _failed(f"{path}: not set: {', '.join(missing)}", _WRITTEN)
    try:
        check_can_join(config)
        if config.metrics.listen:
            address_of(config.metrics.listen)
    except CallboxError as error:
        return config, _failed(f"{path}: {error}", REMEDY)
    return config, Check(PART, Verdict.OK, f"{path} can be used")


def check_whole(path: Path, check_parts: Callable[[Config], object]) -> Check:
    """As ``check_config``, and what the doctor looks at apart from it: the exchange's address and its
    certificate, and by ``check_parts`` whether all that is named is on this machine."""
    config, check = check_config(path)
    if config is None or check.verdict is not Verdict.OK:
        return check
    try:
        check_address(config)
        check_parts(config)
    except (CallboxError, HalError) as error:
        return _failed(f"{path}: {error}", REMEDY)
    return check


def check_address(config: Config) -> None:
    """Raises CallboxError for an address or a certificate that cannot be."""
    table = config.exchange
    if table.url:
        ExchangeAddress(table.url, table.uid, table.password, table.certificate).trust()


def _failed(seen: str, remedy: str) -> Check:
    return Check(PART, Verdict.FAILED, seen, remedy)


def _needed(config: Config) -> dict[str, str]:
    return {
        "url under [exchange]": config.exchange.url,
        "uid under [exchange]": config.exchange.uid,
        "password under [exchange]": config.exchange.password,
    }


def _is_hidden(path: Path) -> bool:
    try:
        path.open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False
