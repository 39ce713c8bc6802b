"""Requests to a real exchange as this or that user, and who is an admin there."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx

from device.exchange.client import ExchangeAccount
from device.exchange.client.line import LineDown
from device.exchange.server.administration import opened
from device.exchange.wire import API
from tests.exchange.conftest import RunningExchange
from tests.exchange.members import signed_in
from tests.exchange.phones import Phone


async def make_admin(exchange: RunningExchange, uid: str) -> None:
    """As the command line does, beside it."""
    async with opened(exchange.config.data_dir) as store:
        account = await store.accounts.get(uid)
        assert account is not None
        await store.accounts.put(replace(account, role="admin"))


async def request(
    exchange: RunningExchange,
    account: ExchangeAccount | None,
    method: str,
    path: str,
    body: Any = None,
    bearer: str = "",
) -> httpx.Response:
    token = bearer or ("" if account is None else await signed_in(account))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(base_url=exchange.url + API, trust_env=False) as http:
        return await http.request(method, path, json=body, headers=headers)


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def thrown_out(phone: Phone) -> LineDown:
    """That the line is down for good; what came before is passed over."""
    async with asyncio.timeout(10):
        while True:
            fact = await phone.facts.get()
            if isinstance(fact, LineDown) and fact.is_final:
                return fact
