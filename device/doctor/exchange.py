"""Whether the exchange is reached, is the one that was pinned, and takes this unit's account."""

import asyncio
import socket
import ssl
import time
from urllib.parse import urlsplit

from device.config import ExchangeTable
from device.control.readings import Check, Verdict
from device.doctor.network import check_route
from device.errors import CallboxError
from device.exchange.address import ExchangeAddress
from device.exchange.client import ExchangeAccount

REACH_WITHIN_S = 5.0
EXPIRES_SOON_S = 14 * 86_400.0
DEFAULT_PORTS = {"https": 443, "http": 80}


async def check_exchange(table: ExchangeTable) -> list[Check]:
    """From the name to the account; what cannot be looked at for an earlier failure is skipped."""
    try:
        address = ExchangeAddress(table.url, table.uid, table.password, table.certificate)
        trust = address.trust()
    except CallboxError as error:
        remedy = "Enrol again: `callbox exchange add-unit` on the exchange, `callbox enroll` here."
        return [Check("exchange", Verdict.FAILED, str(error), remedy), *_skipped("certificate")]
    parts = urlsplit(table.url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    reached = await asyncio.to_thread(_reach, host, port)
    checks = [await asyncio.to_thread(check_route, host), reached]
    if reached.verdict is not Verdict.OK:
        return [*checks, *_skipped("certificate")]
    if parts.scheme == "https":
        certificate = await asyncio.to_thread(_certificate, host, port, trust)
        checks.append(certificate)
        if certificate.verdict is Verdict.FAILED:
            return [*checks, *_skipped()]
    return [*checks, await _account(address)]


def _skipped(*parts: str) -> list[Check]:
    return [
        Check(part, Verdict.SKIPPED, "not looked at: the exchange is not reached")
        for part in (*parts, "account")
    ]


def _reach(host: str, port: int) -> Check:
    remedy = (
        f"Check url under [exchange], that the exchange runs (systemctl status callbox-exchange "
        f"there), and that no firewall is before its port {port}."
    )
    began_s = time.monotonic()
    try:
        socket.create_connection((host, port), REACH_WITHIN_S).close()
    except socket.gaierror:
        named = f"The name {host} is not known here. Check url under [exchange], or use an address."
        return Check("exchange", Verdict.FAILED, f"{host} has no address", named)
    except OSError as error:
        why = error.strerror or f"no answer within {REACH_WITHIN_S:.0f} s"
        return Check("exchange", Verdict.FAILED, f"{host} port {port}: {why}", remedy)
    took_ms = 1000 * (time.monotonic() - began_s)
    return Check("exchange", Verdict.OK, f"{host} port {port} answers in {took_ms:.0f} ms")


def _certificate(host: str, port: int, trust: ssl.SSLContext | bool) -> Check:
    context = trust if isinstance(trust, ssl.SSLContext) else ssl.create_default_context()
    remedy = (
        "If the exchange was made anew, copy its exchange.pem here again; if not, somebody else "
        "answers at its address. A wrong clock makes certificates invalid, too."
    )
    try:
        with (
            socket.create_connection((host, port), REACH_WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as line,
        ):
            until = line.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return Check("certificate", Verdict.FAILED, f"refused: {error.verify_message}", remedy)
    except OSError as error:
        no_tls = (
            f"What answers there speaks no TLS: check url under [exchange], and port {port} in it."
        )
        return Check("certificate", Verdict.FAILED, f"no TLS there: {error}", no_tls)
    left_s = ssl.cert_time_to_seconds(str(until["notAfter"])) - time.time()
    return _expiry(left_s, is_pinned=isinstance(trust, ssl.SSLContext))


def _expiry(left_s: float, is_pinned: bool) -> Check:
    kind = "the pinned one" if is_pinned else "one that this system trusts"
    seen = f"{kind}, valid for {left_s / 86_400:.0f} days"
    if left_s < EXPIRES_SOON_S:
        remedy = "Make the exchange a new one, and copy its exchange.pem here."
        return Check("certificate", Verdict.WARNING, seen, remedy)
    return Check("certificate", Verdict.OK, seen)


async def _account(address: ExchangeAddress) -> Check:
    if not address.uid or not address.password:
        seen = "not looked at: uid or password is not set"
        return Check("account", Verdict.SKIPPED, seen)
    account = ExchangeAccount(address)
    try:
        await account.sign_in()
    except CallboxError as error:
        seen = f"{address.uid}: {error}"
        return Check("account", Verdict.FAILED, seen, _account_remedy(error.code, address.uid))
    finally:
        await account.aclose()
    return Check("account", Verdict.OK, f"{address.uid} is let in")


def _account_remedy(code: str, uid: str) -> str:
    if code == "sign_in_refused":
        return (
            f"Enrol again. On the exchange: callbox exchange add-unit {uid} --replace. Here: sudo "
            "callbox enroll, with the code that it prints."
        )
    if code == "too_many_attempts":
        return "Wait half a minute. If it comes again, another device tries a wrong password."
    return "Something answers there that is no exchange: check url under [exchange]."
