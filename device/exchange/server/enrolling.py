"""Routes of enrolment: a code for a unit, and what the unit gets for it."""

from fastapi import APIRouter, Request

from device.exchange.server import certificate
from device.exchange.server.accounts import Admin, PartsOf, host_of
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.pairings import new_code, offer
from device.exchange.server.qr import qr_rows
from device.exchange.server.reached import reached_at
from device.exchange.server.refusal import Refusal, refusals
from device.exchange.wire import (
    NewPairing,
    Pairing,
    PairingLink,
    Redeem,
    Redeemed,
    plain_fingerprint,
)

router = APIRouter(
    tags=["enrolment"],
    responses=refusals(401, 403, 409, 413, 422, 429),
)


@router.post("/pairings")
async def pairings(body: NewPairing, request: Request, _: Admin, parts: PartsOf) -> Pairing:
    """A code with which a unit enrols, for ten minutes and once. For admins."""
    code = new_code()
    try:
        link = PairingLink.at(reached_at(request, parts.config), code, pin(parts.config))
    except ValueError:
        raise Refusal("body_invalid", "Open this page by the exchange's address.") from None
    expires_at = await offer(parts.store, body, code, parts.config.wall_s())
    return Pairing(link.shown_code, expires_at, str(link), qr_rows(str(link).upper()))


@router.post("/pairings/redeem")
async def redeem(body: Redeem, request: Request, parts: PartsOf) -> Redeemed:
    """The account of a unit, for its pairing code."""
    return await parts.pairings.redeem(body, host_of(request), parts.config.wall_s())


def pin(config: ExchangeConfig) -> str | None:
    """What a pairing link says of the exchange's certificate. Raises ConfigError."""
    if not config.tls:
        return None
    public, _ = certificate.ensure(config.data_dir)
    return plain_fingerprint(certificate.fingerprint(public))
