"""Devices that ring at a real exchange, through the unit's client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from device.exchange.client import ExchangeAccount, ExchangeLine
from device.exchange.client.line import LineFact, LineNews, LineUp
from device.exchange.wire import CallItem, Registered
from tests.exchange.members import signed_in, until


class Phone:
    """One device of an account, and the facts that it got."""

    def __init__(self, line: ExchangeLine) -> None:
        self.line = line
        self.facts: asyncio.Queue[LineFact] = asyncio.Queue()
        self.registered: Registered
        self._taken = 0
        self._listening: asyncio.Task[None] | None = None

    async def plug_in(self) -> Registered:
        self._listening = asyncio.create_task(self.line.listen(self.facts.put_nowait))
        async with asyncio.timeout(10):
            fact = await self.facts.get()
        assert isinstance(fact, LineUp), fact
        self._taken = 0
        self.registered = fact.registered
        return fact.registered

    async def plug_in_anew(self, account: ExchangeAccount) -> Registered:
        """As after a loss of power: nothing is remembered."""
        self.line = account.new_line("one", await signed_in(account))
        self.facts = asyncio.Queue()
        return await self.plug_in()

    async def unplug(self) -> None:
        task, self._listening = self._listening, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def news(self, name: str) -> CallItem:
        """The next news, which has to be this."""
        async with asyncio.timeout(10):
            fact = await self.facts.get()
        assert isinstance(fact, LineNews), fact
        assert fact.name == name, fact
        self._taken += 1
        return fact.news.call

    async def next_news(self, name: str) -> CallItem:
        """The next news; that the exchange went and came back is passed over."""
        while True:
            async with asyncio.timeout(10):
                fact = await self.facts.get()
            if isinstance(fact, LineNews):
                assert fact.name == name, fact
                self._taken += 1
                return fact.news.call

    async def has_no_news(self) -> None:
        """Of all that the exchange has posted to it so far."""
        posted = (await self.line.register()).after
        await until(lambda: self._seen() == posted or not self.facts.empty())
        assert self.facts.empty(), self.facts.get_nowait()

    def _seen(self) -> int:
        """All that was posted has been taken by ``news``."""
        return self.registered.after + self._taken


@asynccontextmanager
async def phone(account: ExchangeAccount, device_id: str = "one") -> AsyncIterator[Phone]:
    made = Phone(account.new_line(device_id, await signed_in(account)))
    await made.plug_in()
    try:
        yield made
    finally:
        await made.unplug()
