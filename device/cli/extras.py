"""What a command needs that is not on every machine."""

import importlib.util

from device.errors import ConfigError


def need_exchange() -> None:
    """The exchange's libraries are an extra: a unit that hosts none does not carry them.

    Raises ConfigError where they are not installed.
    """
    if importlib.util.find_spec("fastapi") is None:
        raise ConfigError(
            "The exchange is not installed here. In callbox's folder: "
            ".venv/bin/pip install -e '.[exchange]'"
        )
