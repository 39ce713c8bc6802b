"""How aioice finds addresses, and how long it looks for them."""

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import aioice.ice

from device.media.rtc.names import addresses_of

STUN_AT_ONCE_S = 0.05
"""aioice tells no candidate before it has all of them. What a STUN server answers within this time is
in the description; what it answers later comes after it, as a candidate of its own (RFC 8838)."""
STUN_WITHIN_S = 5.0
TURN_WITHIN_S = 1.0
"""An allocation takes two round trips, four with TCP and TLS, and may be the only way there is."""

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Gathering:
    """How one connection gathers its candidates. ``tasks`` are those that ask STUN and TURN servers and
    have to be ended with it; ``late`` of them are still out when it is described."""

    loopback_only: bool
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    late: list[asyncio.Task[Any]] = field(default_factory=list)

    def own(self, task: asyncio.Task[Any]) -> None:
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    async def late_candidates(self) -> AsyncIterator[str]:
        """The lines of those that come after the description, and at last an empty one."""
        for answer in asyncio.as_completed(self.late):
            with contextlib.suppress(Exception):  # no answer is no candidate
                candidate, _ = await answer
                yield f"candidate:{candidate.to_sdp()}"
        if self.late:
            yield ""

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            task.exception()  # heard of by who waits for it, if anybody does


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


_stock_stun: Callable[..., Awaitable[Any]] = aioice.ice.server_reflexive_candidate
_stock_turn: Callable[..., Awaitable[Any]] = aioice.ice.relayed_candidate


async def _ask_stun(protocol: Any, stun_server: tuple[str, int]) -> Any:
    asking = asyncio.get_running_loop().create_task(
        _within(STUN_WITHIN_S, _stun_candidate(protocol, *stun_server))
    )
    how, task = _now.get() or Gathering(loopback_only=False), asyncio.current_task()
    how.own(asking)
    if task is not None:
        how.own(task)  # aioice forgets it when it is cancelled
    await asyncio.wait([asking], timeout=STUN_AT_ONCE_S)
    if not asking.done():
        how.late.append(asking)
        raise TimeoutError
    return asking.result()


async def _stun_candidate(protocol: Any, name: str, port: int) -> Any:
    for address in await addresses_of(name):
        if ipaddress.ip_address(address).version == 4:  # aioice asks on no other
            return await _stock_stun(protocol, (address, port))
    raise OSError(f"{name} has no IPv4 address")


async def _ask_turn(**named: Any) -> Any:
    how, task = _now.get(), asyncio.current_task()
    if how is not None and task is not None:
        how.own(task)
    return await _within(TURN_WITHIN_S, _turn_candidate(**named))


async def _turn_candidate(**named: Any) -> Any:
    # By its name all the same, which TLS checks: it is looked up once more, but only if that works.
    await addresses_of(named["turn_server"][0])
    return await _stock_turn(**named)


async def _within(seconds: float, work: Awaitable[Any]) -> Any:
    async with asyncio.timeout(seconds):
        return await work
