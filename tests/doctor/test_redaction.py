"""Secrets are planted in all that may be written down, and none comes through."""

import ipaddress
import json
import string

import pytest
from hypothesis import assume, given, strategies as st

from device.doctor.redaction import (
    EMAIL,
    HIDDEN,
    PUBLIC_ADDRESS,
    redacted,
    secrets_in,
    secrets_of,
    without_known,
    without_secrets,
)

WORDS = st.text(string.ascii_letters + string.digits + "-_", min_size=6, max_size=30)
AWKWARD = st.text(string.ascii_letters + string.digits + "-_!#%,.;:/&(){}<>@ äß€", min_size=6)
NOISE = st.sampled_from(["", "door: ", "2026-01-01T10:00:00+0000 kiosk callbox[7]: ", "{", "('"])
TAIL = st.sampled_from(["", " and more", ", next=1", "}", "')", ".", ": refused"])

BASE64 = st.text(string.ascii_letters + string.digits + "-_", min_size=8)
TOKENS = st.builds("eyJ{}.{}.{}".format, BASE64, BASE64, BASE64)
EMAILS = st.builds(
    "{}.{}@{}.example.org".format, WORDS, WORDS, st.from_regex(r"[a-z]{3,9}", fullmatch=True)
)
PUBLIC_4 = st.ip_addresses(v=4).filter(lambda address: address.is_global).map(str)
PUBLIC_6 = st.ip_addresses(v=6, network="2a00::/12").map(str)
PUBLIC_6_LONG = st.ip_addresses(v=6, network="2a00::/12").map(lambda each: each.exploded)

SETTINGS = st.sampled_from(
    [
        "password={}", "password: {}", "'password': {}", '"resume_secret":{}', "credential={}",
        "RTCIceServer(urls='turn:x', username='7:door', credential={})", "auth_token = {}",
        "wifi_psk={}", "passphrase: {}", "pairing_code={}", "pairing code: {}", "PAIRING-CODE {}",
        "the pairing code is {}", "ssid={}", "SSID: {}", "essid={}", "api_key={}", "?token={}",
        "Cookie: {}", "TURN_PASSWORD={}",
    ]
)  # fmt: skip


@given(NOISE, SETTINGS, WORDS, TAIL)
def test_what_a_name_gives_away(noise: str, setting: str, secret: str, tail: str) -> None:
    assume(not any(secret in part for part in (noise, setting, tail, HIDDEN)))
    told = without_secrets(noise + setting.format(secret) + tail)
    assert secret not in told
    assert HIDDEN in told


@given(NOISE, SETTINGS, AWKWARD, TAIL, st.sampled_from("\"'"))
def test_what_stands_in_quotes_goes_as_a_whole(
    noise: str, setting: str, secret: str, tail: str, quote: str
) -> None:
    assume(
        "eyJ" not in secret and not any(secret in part for part in (noise, setting, tail, HIDDEN))
    )
    told = without_secrets(noise + setting.format(quote + secret + quote) + tail)
    assert secret not in told
    assert not any(part in told for part in secret.split() if len(part) > 5)


@given(SETTINGS, AWKWARD)
def test_a_line_that_is_cut_off_in_a_secret(setting: str, secret: str) -> None:
    told = without_secrets(setting.partition("{}")[0] + '"' + secret)
    assert secret not in told


@pytest.mark.parametrize(
    "carrier", ["{}", "token {} refused", "Bearer {}", "at ({})", "GET /?x={}"]
)
@given(TOKENS)
def test_a_token_wherever_it_stands(carrier: str, token: str) -> None:
    told = without_secrets(carrier.format(token))
    assert not any(part in told for part in token.split("."))


@given(WORDS, WORDS)
def test_passwords_in_addresses_and_headers(user: str, secret: str) -> None:
    assume(secret not in user and user not in secret and secret not in HIDDEN)
    for line in (f"turn://{user}:{secret}@192.0.2.1:3478", f"https://:{secret}@exchange/"):
        assert secret not in without_secrets(line)
    assert secret not in without_secrets(f"Authorization: Basic {secret}")
    pem = f"-----BEGIN PRIVATE KEY-----\n{secret.replace('-', '+')}\n-----END PRIVATE KEY-----"
    assert secret.replace("-", "+") not in without_secrets(pem)


@pytest.mark.parametrize("carrier", ["{}", "<{}>", "account {}: refused", "uid='{}',", "mailto:{}"])
@given(EMAILS)
def test_an_e_mail_address(carrier: str, address: str) -> None:
    told = without_secrets(carrier.format(address))
    assert (address in told, EMAIL in told) == (False, True)


V4 = [
    "{}",
    "{}:3478",
    "udp 2113 {} 50000 typ srflx",
    "('{}', 443)",
    "to {}.",
    "https://{}/",
    "={},",
]
V6 = [*V4[2:4], "{}", "[{}]:3478", "to {}: refused", "{}, more", "at {}."]


@given(st.sampled_from(V4), PUBLIC_4)
def test_a_public_address(carrier: str, address: str) -> None:
    told = without_secrets(carrier.format(address))
    assert (address in told, PUBLIC_ADDRESS in told) == (False, True)


@given(st.sampled_from(V6), PUBLIC_6 | PUBLIC_6_LONG | PUBLIC_4.map("::ffff:{}".format))
def test_a_public_address_of_version_6(carrier: str, address: str) -> None:
    told = without_secrets(carrier.format(address))
    assert (address in told, PUBLIC_ADDRESS in told) == (False, True)


@given(PUBLIC_6_LONG)
def test_a_public_address_with_a_port_and_no_brackets(address: str) -> None:
    assert without_secrets(f"to {address}:3478") == f"to {PUBLIC_ADDRESS}:3478"


@given(
    st.ip_addresses().filter(lambda address: not address.is_global)
    | st.sampled_from(["127.0.0.1", "192.168.1.10", "10.0.0.2", "fe80::1", "fd00::2", "::1"])
)
def test_an_address_at_home_stays(address: ipaddress.IPv4Address | str) -> None:
    line = f"from {address} to the exchange"
    assert without_secrets(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01T12:34:56+0000 kiosk callbox[812]: In the session hall.",
        "AA:BB:CC:DD:EE:01 is paired",
        "sha-256 4F:1A:22:9B:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
        "Linux 6.12.25+rpt-rpi-v8, callbox 0.1.0, av 14.0.1",
        "passwords are fine, https://10.0.0.2:8443, 3 peers",
        "12:34:56 user_muted participant=Door muted=true",
        "systemd::unit std::string",
    ],
)
def test_what_helps_stays(line: str) -> None:
    assert without_secrets(line) == line


KEYS = st.sampled_from(
    ["password", "wifi_passphrase", "auth_token", "api-key", "psk", "ssid", "pairing_code", "pin",
     "credential", "passwd", "private_key", "apikey", "Secret"]
)  # fmt: skip
SECRETS = st.text(min_size=6).filter(lambda text: text not in HIDDEN) | st.integers(100_000, 10**9)


@given(KEYS, SECRETS, st.integers(0, 3), WORDS)
def test_a_configuration_at_any_depth_and_where_it_is_repeated(
    key: str, secret: str | int, depth: int, word: str
) -> None:
    """Also in a list of tables, as a number, and written elsewhere as it stands there or in JSON."""
    table: dict[str, object] = {"uid": "door", key: secret}
    for _ in range(depth):
        table = {"servers": [table, {"name": "x"}]}
    hidden = redacted(table)
    while "servers" in hidden:
        hidden = hidden["servers"][0]
    assert hidden[key] == HIDDEN
    known = secrets_of(table)
    plain = str(secret)
    assume(plain.strip() and plain not in word and plain not in HIDDEN)
    log = f"{word} {plain} {word}\n{json.dumps(plain)}"
    told = without_known(log, known)
    assert plain not in told.replace(HIDDEN, "")


def test_a_configuration_that_does_not_parse_gives_its_secrets_all_the_same() -> None:
    text = '[exchange\npassword = "tulip garden"\nsecret = rosegarden\n'
    assert {"tulip garden", "rosegarden"} <= set(secrets_in(text))


@given(st.text())
def test_any_text_is_taken_and_hiding_twice_is_hiding_once(text: str) -> None:
    once = without_secrets(text)
    assert without_secrets(once) == once
