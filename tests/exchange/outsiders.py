"""A call, who is in it, and who is not: what the tests of all routes are told in."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from device.exchange.server.administration import changing
from device.exchange.server.ringing.device_desk import key_of
from device.exchange.server.store import Account, digest
from device.exchange.wire import API
from tests.exchange.conftest import UIDS, RunningExchange

FORGED = "g" * 43


@dataclass(frozen=True)
class Asker:
    """Who asks, and with which secrets. None: without."""

    uid: str
    auth_token: str | None = None
    membership: str | None = None
    call_token: str = "x"
    cookie: str | None = None


@dataclass(frozen=True, repr=False)
class World:
    """Door and Ana in a call, in the session of which both are; Eve in another session."""

    http: httpx.AsyncClient
    database: Path
    call: str
    askers: dict[str, Asker]
    secrets: tuple[str, ...]
    """Of the call, and who is in it."""
    keys: tuple[bytes, ...]
    """Of their queues."""

    def private_rows(self) -> list[str]:
        """All that the store has of the call, of Door and of Ana."""
        cells = {self.call, "door", "ana", *self.keys}
        with closing(sqlite3.connect(self.database)) as db:
            tables = db.execute("select name from sqlite_master where type = 'table'").fetchall()
            return [
                f"{table}: {row!r}"
                for (table,) in tables
                for row in db.execute(f"select * from {table}")
                if any(cell in cells or self.call in str(cell) for cell in row)
            ]


class Setting:
    """Makes a World by asking the exchange."""

    def __init__(self, http: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self._http = http
        self._tokens = tokens

    async def ask(self, uid: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[uid]}"}
        answer = await self._http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def call(self, caller: str, receiver: str) -> str:
        for uid in (caller, receiver):
            await self.ask(uid, "PUT", "/devices/one")
        wanted = {"receiver": receiver, "device_id": "one"}
        call = (await self.ask(caller, "POST", "/calls", wanted))["session_id"]
        await self.ask(receiver, "POST", f"/calls/{call}/accept", {"device_id": "one"})
        return str(call)

    async def enter(self, uid: str, session_id: str) -> Asker:
        wanted = {"session_id": session_id}
        used = (await self.ask(uid, "POST", "/tokens", wanted))["token"]
        secret = (await self.ask(uid, "POST", "/join", {"token": used}))["resume_secret"]
        token = (await self.ask(uid, "POST", "/tokens", wanted))["token"]
        return Asker(uid, self._tokens[uid], secret, token)


async def renewed(exchange: RunningExchange, accounts: list[Account]) -> dict[str, str]:
    """Auth tokens of all users, who are as at the first start and have no device
    and no call; one is stale. Fay is an admin. Without passwords: they take their time."""
    now = int(exchange.wall())
    tokens = {uid: f"token-of-{uid}".ljust(43, "-") for uid in (*UIDS, "stale")}
    async with changing(exchange.config.data_dir) as (parts, batch):
        store = parts.store
        for each in await store.accounts.all():
            await parts.authority.remove(batch, each.user.uid)
        for account in accounts:
            uid = account.user.uid
            await store.accounts.put(replace(account, role="admin") if uid == "fay" else account)
            await store.accounts.add_auth_token(digest(tokens[uid]), uid, now + 3600, now)
        await store.accounts.add_auth_token(digest(tokens["stale"]), "ben", now - 1, now - 2)
    return tokens


@asynccontextmanager
async def world_at(exchange: RunningExchange, accounts: list[Account]) -> AsyncIterator[World]:
    """``accounts``: all, as they were at first."""
    tokens = await renewed(exchange, accounts)
    url = exchange.url + API
    # Without TLS there is nothing to verify, and the system's certificates take long to read.
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False) as http:
        setting = Setting(http, tokens)
        call = await setting.call("door", "ana")
        door, ana = await setting.enter("door", call), await setting.enter("ana", call)
        eve, gone = await setting.enter("eve", "elsewhere"), await setting.enter("ben", "gone")
        leaving = {"Authorization": f"Bearer {gone.membership}"}
        await http.post("/session/leave", headers=leaving)
        for uid in ("eve", "ben"):
            await setting.ask(uid, "PUT", "/devices/another")
        known = (*filter(None, (door.membership, ana.membership)), tokens["door"], tokens["ana"])
        yield World(
            http,
            exchange.config.data_dir / "exchange.db",
            call,
            {
                "nothing": Asker("eve"),
                "forged": Asker("eve", FORGED, FORGED),
                "stale": Asker("eve", tokens["stale"], gone.membership),
                "of the other kind": Asker("eve", eve.membership, eve.auth_token),
                "Ana's cookie alone": Asker("eve", cookie=tokens["ana"]),
                "eve": eve,
                "ana": ana,
                "fay": Asker("fay", tokens["fay"]),
            },
            (call, *known),
            (key_of("door", "one"), key_of("ana", "one"), *(digest(each) for each in known)),
        )
