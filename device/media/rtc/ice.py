"""How aioice finds addresses, and how long it looks for them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import aioice.ice

STUN_WITHIN_S = 0.2
"""aioice tells no candidate before it has all of them, and would wait 5 s for a server that is out of
reach. One that is further away than this is no help: a link through it would come too late."""
TURN_WITHIN_S = 1.0
"""An allocation takes two round trips, four with TCP and TLS, and may be the only way there is."""

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Gathering:
    """How one connection gathers its candidates. ``tasks`` are those that aioice begins for it and
    leaves alone when it is stopped: they ask STUN and TURN servers."""

    loopback_only: bool
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)


_now: ContextVar[Gathering | None] = ContextVar("gathering", default=None)
_addresses_of_host: Callable[[bool, bool], list[str]] = aioice.ice.get_host_addresses


def install() -> None:
    """Set it up for this process. Idempotent."""
    aioice.ice.get_host_addresses = addresses
    aioice.ice.server_reflexive_candidate = _ask_stun
    aioice.ice.relayed_candidate = _ask_turn


@contextlib.contextmanager
def gathering(how: Gathering) -> Iterator[None]:
    """A connection that gathers its candidates in here does it this way."""
    token = _now.set(how)
    try:
        yield
    finally:
        _now.reset(token)


def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """What to gather candidates on. aioice leaves loopback out, but a machine without a network has
    nothing else, and a call between two of its programs should work all the same."""
    how = _now.get()
    if how is not None and how.loopback_only:
        return [LOOPBACK]
    return _addresses_of_host(use_ipv4, use_ipv6) or [LOOPBACK]


def _noted(ask: Callable[..., Awaitable[Any]], within_s: float) -> Callable[..., Any]:
    async def noted(*arguments: Any, **named: Any) -> Any:
        how, task = _now.get(), asyncio.current_task()
        if how is not None and task is not None:
            how.tasks.add(task)
            task.add_done_callback(how.tasks.discard)
        async with asyncio.timeout(within_s):
            return await ask(*arguments, **named)

    return noted


_ask_stun = _noted(aioice.ice.server_reflexive_candidate, STUN_WITHIN_S)
_ask_turn = _noted(aioice.ice.relayed_candidate, TURN_WITHIN_S)
