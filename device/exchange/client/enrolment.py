"""What a unit asks of an exchange before it has an account there."""

import asyncio
import hashlib
import ssl

import httpx

from device.errors import ExchangeUnreachable
from device.exchange import wire
from device.exchange.client.http import REQUEST_TIMEOUT_S, ask, unreachable


async def shown_certificate(host: str, port: int) -> str:
    """The certificate that whoever is there shows (PEM). Raises ExchangeUnreachable."""
    try:
        return await asyncio.to_thread(
            ssl.get_server_certificate, (host, port), timeout=REQUEST_TIMEOUT_S
        )
    except ssl.SSLError as error:
        raise ExchangeUnreachable(
            f"What answers at {host} port {port} does not speak TLS ({error.reason}). Check the address."
        ) from error
    except OSError as error:
        raise unreachable(error) from error


def fingerprint(certificate: str) -> str:
    """The SHA-256 of a certificate (PEM), as a PairingLink has it."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


async def redeem(url: str, certificate: str | None, asked: wire.Redeem) -> wire.Redeemed:
    """A unit's account, from the exchange that shows this certificate (PEM; None: over plain HTTP).

    Raises ExchangeError.
    """
    trust = False if certificate is None else _only(certificate)
    async with httpx.AsyncClient(
        base_url=url, verify=trust, timeout=REQUEST_TIMEOUT_S, trust_env=False
    ) as http:
        return await ask(http, "POST", "/pairings/redeem", asked, wire.Redeemed)


def _only(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is the one that was pinned, whatever it is called
    context.load_verify_locations(cadata=certificate)
    return context
