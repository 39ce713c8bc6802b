"""Whether callbox.toml can be read, and says all that a call needs."""

from pathlib import Path

from device.config import Config, load
from device.control.readings import Check, Verdict
from device.errors import CallboxError
from device.exchange.address import ExchangeAddress

ABSENT = "Copy the folder that add-unit wrote to /etc/callbox, or name the file: --config FILE."
REMEDY = "Correct it, then: callbox config check; sudo systemctl restart callbox."


def check_config(path: Path) -> tuple[Config | None, Check]:
    """The configuration as well, where it can be read."""
    try:
        config = load(path)
    except CallboxError as error:
        remedy = "Use sudo." if _is_hidden(path) else REMEDY if path.exists() else ABSENT
        return None, Check("configuration", Verdict.FAILED, str(error), remedy)
    missing = [name for name, value in _needed(config).items() if not value]
    if missing:
        seen = f"{path}: not set: {', '.join(missing)}"
        remedy = (
            "`callbox exchange add-unit` on the exchange writes all of them; copy its folder here."
        )
        return config, Check("configuration", Verdict.FAILED, seen, remedy)
    return config, Check("configuration", Verdict.OK, f"{path} can be used")


def check_address(config: Config) -> None:
    """Raises CallboxError for an address or a certificate that cannot be."""
    table = config.exchange
    if table.url:
        ExchangeAddress(table.url, table.uid, table.password, table.certificate).trust()


def _needed(config: Config) -> dict[str, str]:
    return {
        "session under [unit]": config.unit.session,
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
