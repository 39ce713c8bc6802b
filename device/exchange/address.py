"""Where an exchange is, and the one certificate that it may show. No I/O but reading that file."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from device.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ExchangeAddress:
    """Where the exchange is and who this unit is there. ``certificate`` is the PEM file that was
    pinned at enrolment: the only one accepted; None goes with an ``http`` address on loopback.

    Raises ConfigError for a URL that is none, or over which the password would travel in clear.
    """

    url: str
    uid: str
    password: str = field(repr=False)
    certificate: Path | None = None

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
            (host or "").encode("idna")  # what a look-up does with it; UnicodeError is a ValueError
        except ValueError as error:
            raise ConfigError(f"[exchange] url: {self.url!r} is no address: {error}.") from error
        if parts.scheme not in ("http", "https") or not host:
            raise ConfigError(
                f"[exchange] url: {self.url!r} is no address such as https://192.168.1.10:8443."
            )
        if parts.scheme == "http" and not _is_loopback(host):
            raise ConfigError(
                f"[exchange] url: plain HTTP is for an exchange on this machine, and {host} is "
                "another. Use https, with the exchange's certificate."
            )

    def trust(self) -> ssl.SSLContext | bool:
        """What to verify the exchange with: the pinned certificate alone, whatever name or address
        the exchange is reached by; else the system's. Raises ConfigError where it cannot be read.
        """
        if self.certificate is None:
            # Without TLS there is nothing to verify, and the system's take 40 ms to read.
            return self.url.startswith("https:")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        try:
            context.load_verify_locations(self.certificate)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"[exchange] certificate: {self.certificate} cannot be read: {error}. "
                "Copy exchange.pem from the exchange again."
            ) from error
        return context


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
