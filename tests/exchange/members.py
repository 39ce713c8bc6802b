"""Members of sessions at a real exchange, through the unit's client."""

import asyncio
from typing import TypeVar

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


async def enter(
    account: ExchangeAccount, session_id: str = "hall", audio_only: bool = False
) -> Member:
    token = await account.generate_token(session_id, await account.sign_in())
    member = Member(account.new_call())
    member.joined = await member.call.join(token, MediaState(), audio_only, member.facts.put_nowait)
    return member
