"""Members of sessions at a real exchange, through the unit's client."""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from device.exchange.client import ExchangeAccount, ExchangeCall
from device.session.facts import ExchangeFact
from device.session.ports import JoinedSession
from device.session.values import MediaState

Fact = TypeVar("Fact", bound=ExchangeFact)


class Member:
    """One member of a session and the facts that they got."""

    def __init__(self, call: ExchangeCall) -> None:
        self.call = call
        self.facts: asyncio.Queue[ExchangeFact] = asyncio.Queue()
        self.joined: JoinedSession

    async def next(self, kind: type[Fact]) -> Fact:
        """The next fact of a kind; others before it are passed over."""
        async with asyncio.timeout(10):
            while not isinstance(fact := await self.facts.get(), kind):
                pass
        return fact


_auth_tokens: WeakKeyDictionary[ExchangeAccount, str] = WeakKeyDictionary()


async def signed_in(account: ExchangeAccount) -> str:
    """The account's auth token; signing in takes its time, so it is done once."""
    if account not in _auth_tokens:
        _auth_tokens[account] = await account.sign_in()
    return _auth_tokens[account]


async def enter(
    account: ExchangeAccount, session_id: str = "hall", audio_only: bool = False
) -> Member:
    token = await account.generate_token(session_id, await signed_in(account))
    member = Member(account.new_call())
    member.joined = await member.call.join(token, MediaState(), audio_only, member.facts.put_nowait)
    return member


async def until(holds: Callable[[], bool]) -> None:
    """Until something holds that real sockets bring about and that nobody is told of."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
