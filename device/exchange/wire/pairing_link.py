"""Pairing codes, and the link that carries one with the exchange's address and certificate. No I/O."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters, none of which looks like another: no 0 and O, no 1 and I."""
CODE_CHARS = 10
SCHEME = "callbox"

_CODE = re.compile(f"[{ALPHABET}]{{{CODE_CHARS}}}")
_LINK = re.compile(
    rf"{SCHEME}://(?P<host>\[[0-9a-f:.]+\]|[^\[\]:/]+):(?P<port>[0-9]{{1,5}})"
    r"/(?P<code>[^/]+)(/(?P<fingerprint>[^/]+))?"
)
_FINGERPRINT = re.compile("[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?")


def plain_code(text: str) -> str:
    """A code as people type it, without hyphens and spaces and in capitals. Raises ValueError."""
    code = re.sub(r"[-\s]", "", text).upper()
    if not _CODE.fullmatch(code):
        raise ValueError(
            f"A pairing code has {CODE_CHARS} letters and digits, and among them no 0, O, 1 or I."
        )
    return code


def plain_fingerprint(text: str) -> str:
    """A certificate's SHA-256 as 64 hexadecimal digits, however they are grouped. Raises ValueError."""
    fingerprint = re.sub(r"[:\s]", "", text).lower()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError("A certificate's SHA-256 has 64 hexadecimal digits.")
    return fingerprint


@dataclass(frozen=True, slots=True)
class PairingLink:
    """``callbox://HOST:PORT/CODE/SHA256``. Upper and lower case are the same, so that a QR code can
    hold it in capitals, which take less room.

    ``fingerprint``: the SHA-256 of the one certificate that the exchange may show, in hexadecimal
    digits; None: over plain HTTP, from the same machine.
    """

    host: str
    port: int
    code: str = field(repr=False)
    fingerprint: str | None

    @classmethod
    def at(cls, url: str, code: str, fingerprint: str | None) -> "PairingLink":
        """For the exchange at ``url``. Raises ValueError for what is no address."""
        parts = urlsplit(url)
        if parts.scheme != ("https" if fingerprint else "http") or parts.path.strip("/"):
            raise ValueError(f"{url!r} is no address such as https://192.168.1.10:8443.")
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or (443 if fingerprint else 80)
        return cls.parse(str(cls(host, port, plain_code(code), fingerprint)))

    @classmethod
    def parse(cls, text: str) -> "PairingLink":
        """Raises ValueError, whose words are for a person; they do not repeat the code."""
        text = text.strip()
        found = _LINK.fullmatch(text.lower()) if text.isascii() else None
        host = found["host"].strip("[]") if found else ""
        if found is None or not _is_host(host) or not 0 < int(found["port"]) < 65536:
            raise ValueError(
                "That is no pairing link, callbox://ADDRESS:PORT/CODE/SHA256. Copy it whole."
            )
        pinned = found["fingerprint"]
        if pinned is not None:
            pinned = plain_fingerprint(pinned)
        return cls(host, int(found["port"]), plain_code(found["code"]), pinned)

    @property
    def url(self) -> str:
        """The exchange's address."""
        return f"{'https' if self.fingerprint else 'http'}://{self._netloc}"

    @property
    def shown_code(self) -> str:
        """In groups that can be read out."""
        return f"{self.code[: CODE_CHARS // 2]}-{self.code[CODE_CHARS // 2 :]}"

    def __str__(self) -> str:
        end = f"/{self.fingerprint}" if self.fingerprint else ""
        return f"{SCHEME}://{self._netloc}/{self.shown_code}{end}"

    @property
    def _netloc(self) -> str:
        return netloc(self.host, self.port)


def netloc(host: str, port: int) -> str:
    """As a URL has it: an IPv6 address in brackets (RFC 3986)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_host(text: str) -> bool:
    """A name, or an address without a zone, which means nothing elsewhere."""
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return len(text) <= 253 and _NAME.fullmatch(text) is not None
