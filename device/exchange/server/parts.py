"""What the routes of an exchange share."""

import asyncio
from dataclasses import dataclass, field

from starlette.requests import Request

from device.exchange.server.attempts import Attempts
from device.exchange.server.clock import Clock
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.rooms import Rooms
from device.exchange.server.store import Store
from device.exchange.server.tokens import TokenMint

HASHED_AT_ONCE = 2
"""Passwords. Each takes 19 MiB, and a small board has calls to carry meanwhile."""


@dataclass(frozen=True, slots=True)
class Parts:
    config: ExchangeConfig
    store: Store
    mint: TokenMint
    rooms: Rooms
    attempts: Attempts
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HASHED_AT_ONCE))


def make_parts(config: ExchangeConfig, store: Store, clock: Clock) -> Parts:
    """For the running event loop. Members whom the store has get their time to come back."""
    return Parts(
        config,
        store,
        TokenMint(store.signing_key(), config.token_lifetime_s, config.wall_s),
        Rooms(store, config.max_members, config.gone_after_s, clock),
        Attempts(clock),
    )


# Async, like every dependency here: others run on worker threads, and the store is for one thread.
async def parts_of(request: Request) -> Parts:
    """The parts of the exchange that serves this request."""
    parts: Parts = request.app.state.parts
    return parts
