"""What must not be in a file that is sent to others: found by its name, by its shape, or known. Pure."""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any
from urllib.parse import quote

from device.config import Config, settings_of

HIDDEN = "(not in this file)"
EMAIL, PUBLIC_ADDRESS = "(an e-mail address)", "(a public address)"
LEAST_SECRET = 4
"""A shorter value is not searched for in logs: it would black out half of every word."""

_NAMES = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|psk|[be]?ssid|cookie"
    r"|pairing[ _-]?code|(?:api|private|access)[ _-]?key"
)
_SECRET_KEYS = re.compile(rf"(?i){_NAMES}|pairing|(?:^|[_-])(?:key|pin|pass)$")
_SHAPES = re.compile(
    r"(?i)\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JSON web token
    r"|(?<=bearer )\S+"
    r"|(?<=authorization: basic )\S+"
    r"|(?<=//)[^/\s:@]*:[^/\s@]+(?=@)"  # user and password in a URL
    r"|(?<=PRIVATE KEY-----)[^-]+"  # of a PEM file
)
_NAMED = re.compile(
    rf"""(?i)((?:{_NAMES})["']?\s*[:=]\s*|pairing[ _-]?code(?: is)?\s+)"""
    r"""(?:"(?P<double>(?:\\.|[^"\\\n])*)"?|'(?P<single>(?:\\.|[^'\\\n])*)'?"""
    rf"""|(?!{re.escape(HIDDEN)})(?P<bare>[^\s"']\S*))"""
)
"""A name and what it is set to: in quotes, whose end may be cut off, or up to the next space."""
_EMAIL = re.compile(r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})(?!\w)"
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")


def redacted(value: Any, key: str = "") -> Any:
    """A reading without what is secret in it, at any depth."""
    if isinstance(value, dict):
        return {without_secrets(str(name)): redacted(one, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(one, key) for one in value]
    if _SECRET_KEYS.search(key) and value != "":
        return HIDDEN
    return without_secrets(value) if isinstance(value, str) else value


def shown(value: Any, kind: Any = Config) -> Any:
    """Of a configuration the values of settings that there are and that are not secret. ``kind``: what
    stands at that place; None: nothing that callbox knows, and so, perhaps, a misspelt password."""
    if isinstance(value, dict):
        kinds = _kinds(kind)
        return {without_secrets(str(key)): shown(one, kinds.get(key)) for key, one in value.items()}
    if isinstance(value, list):
        return [shown(one, kind) for one in value]
    if _is_hidden(kind) and value != "":
        return HIDDEN
    return without_secrets(value) if isinstance(value, str) else value


def secrets_of(table: Mapping[str, Any]) -> tuple[str, ...]:
    """What ``shown`` hides, as it may be written elsewhere."""
    plain = {text for text in _secrets(table, Config) if len(text) >= LEAST_SECRET}
    return tuple(form for text in sorted(plain) for form in _forms(text))


def secrets_in(text: str) -> tuple[str, ...]:
    """The same of a configuration that cannot be parsed."""
    found = (match["double"] or match["single"] or match["bare"] for match in _NAMED.finditer(text))
    return tuple(form for each in found if len(each) >= LEAST_SECRET for form in _forms(each))


def _secrets(value: Any, kind: Any) -> Iterator[str]:
    if isinstance(value, dict):
        kinds = _kinds(kind)
        for key, one in value.items():
            yield from _secrets(one, kinds.get(key))
    elif isinstance(value, list):
        for one in value:
            yield from _secrets(one, kind)
    elif _is_hidden(kind) and not isinstance(value, bool):
        yield str(value)


def _kinds(kind: Any) -> dict[str, Any]:
    """What the settings of a table are; those that are secret are left out."""
    if not is_dataclass(kind):
        return {}
    known = settings_of(kind)
    return {key: inner for key, inner in known.items() if not _SECRET_KEYS.search(key)}


def _is_hidden(kind: Any) -> bool:
    """Of a value that is no table: also where a table was to stand."""
    return kind is None or is_dataclass(kind)


def _forms(secret: str) -> tuple[str, ...]:
    """As it stands in a log, in JSON, and in a URL."""
    written = (json.dumps(secret, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False))
    return tuple(dict.fromkeys((secret, *written, quote(secret, safe=""))))


def without_secrets(text: str) -> str:
    """A log without tokens, what stands after ``password=`` and the like, e-mail addresses, names of
    Wi-Fi networks, and addresses in the Internet; those of a local network stay."""
    text = _NAMED.sub(rf"\1{HIDDEN}", _SHAPES.sub(HIDDEN, text))
    return _IPV4.sub(_address, _IPV6.sub(_address, _EMAIL.sub(EMAIL, text)))


def _address(match: re.Match[str]) -> str:
    """What stands after the last colon may be a port, and the colon the sentence's."""
    found = match[0]
    host, colon, port = found.rpartition(":")
    for address, rest in ((found, ""), (host, colon + port)):
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            continue
        inner = getattr(parsed, "ipv4_mapped", None) or parsed
        return PUBLIC_ADDRESS + rest if inner.is_global else found
    return found


def without_known(text: str, secrets: tuple[str, ...]) -> str:
    """A text without these, wherever they stand."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
