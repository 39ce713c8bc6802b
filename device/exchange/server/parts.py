"""What the routes of an exchange share."""

from dataclasses import dataclass

from starlette.requests import Request

from device.exchange.server.attempts import Attempts
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.rooms import Rooms
from device.exchange.server.store import Store
from device.exchange.server.tokens import TokenMint


@dataclass(frozen=True, slots=True)
class Parts:
    config: ExchangeConfig
    store: Store
    mint: TokenMint
    rooms: Rooms
    attempts: Attempts


def parts_of(request: Request) -> Parts:
    """The parts of the exchange that serves this request."""
    parts: Parts = request.app.state.parts
    return parts
