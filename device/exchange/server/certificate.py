"""The exchange's own TLS certificate, made at its first start."""

import contextlib
import datetime
import hashlib
import ipaddress
import os
import socket
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from device.errors import ConfigError

_YEARS = 20
"""Units pin the certificate, so its age protects nobody and its end would lock everybody out."""


def ensure(data_dir: Path) -> tuple[Path, Path]:
    """The paths of certificate and key (PEM), made where neither is there.

    Raises ConfigError when they cannot be written, or do not belong together.
    """
    certificate, key = data_dir / "exchange.pem", data_dir / "exchange.key"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not certificate.exists() and not key.exists():
            _make(certificate, key)
    except OSError as error:
        raise ConfigError(f"The exchange cannot keep its certificate: {error}") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"The exchange cannot use its certificate in {data_dir}: {error}. Restore exchange.pem "
            "and exchange.key together, or remove both and enrol the units again."
        ) from error
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the certificate, in pairs of hexadecimal digits. Raises ConfigError."""
    try:
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The certificate {certificate} cannot be read: {error}. Restore it from a copy."
        ) from error
    digest = hashlib.sha256(der).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def _make(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    host = socket.gethostname() or "callbox"
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"callbox exchange on {host}"[:64])]
    )
    now = datetime.datetime.now(datetime.UTC)
    local = f"{host.partition('.')[0]}.local"
    names: list[x509.GeneralName] = [
        *(x509.DNSName(name) for name in dict.fromkeys((host, local, "localhost"))),
        *(x509.IPAddress(address) for address in addresses()),
    ]
    public = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=365))  # a board without a clock is behind
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(key, secret, 0o600)
    _write(certificate, public.public_bytes(serialization.Encoding.PEM), 0o644)


def addresses() -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Loopback, and those by which this machine reaches others. For browsers: a unit pins."""
    found = ["127.0.0.1", "::1"]
    # Addresses for documentation (RFC 5737, RFC 3849). Connecting UDP picks a route, sends nothing.
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found.append(probe.getsockname()[0])
    return [ipaddress.ip_address(address) for address in dict.fromkeys(found)]


def own_address() -> str:
    """One by which others reach this machine."""
    return str(addresses()[-1])


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all."""
    half = path.with_suffix(path.suffix + ".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
