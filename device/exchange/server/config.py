"""How an exchange is to run."""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from device.errors import ConfigError
from device.exchange.wire import GONE_AFTER_S, KEEPALIVE_S, IceServerItem


@dataclass(frozen=True, slots=True)
class ExchangeConfig:
    """``data_dir`` holds the database, and the certificate made at the first start.

    Raises ConfigError for what cannot be: plain HTTP anywhere but on loopback, a number out of range.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8443
    tls: bool = True
    token_lifetime_s: int = 600
    auth_lifetime_s: int = 30 * 24 * 3600
    max_members: int = 4
    ice_servers: tuple[IceServerItem, ...] = ()
    keepalive_s: float = KEEPALIVE_S
    gone_after_s: float = GONE_AFTER_S
    ring_for_s: float = 45.0
    rejoin_within_s: float = 60.0
    """How long who has lost a call may take to come back to it."""
    keep_calls: int = 100_000
    """In the log, the newest: some 100 MB. Looked at every hour."""
    keep_calls_days: int | None = None
    """Forget older ones; None: however old."""
    wall_s: Callable[[], float] = field(default=time.time, repr=False)
    """Seconds since 1970; a test's own."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"port must be 0 (any) to 65535, not {self.port}")
        if self.token_lifetime_s < 1 or self.auth_lifetime_s < 1:
            raise ConfigError("token_lifetime_s and auth_lifetime_s are whole seconds, 1 or more")
        if self.max_members < 1:
            raise ConfigError(f"max_members must be 1 or more, not {self.max_members}")
        if self.keep_calls < 1 or (self.keep_calls_days is not None and self.keep_calls_days < 1):
            raise ConfigError("keep_calls and keep_calls_days must be 1 or more")
        for name in ("keepalive_s", "gone_after_s", "ring_for_s", "rejoin_within_s"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be over 0")
        if not self.tls and not is_loopback(self.host):
            raise ConfigError(
                f"Plain HTTP is for this machine only, and {self.host} is open to others. "
                "Leave out --plain-http, or listen on 127.0.0.1."
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
