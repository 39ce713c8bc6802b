"""Every route, asked by those who may not: who brings nothing, forged or stale secrets, and outsiders.

The table is in routes.py. A route without a line there fails here.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from device.exchange.server.accounts import COOKIE
from device.exchange.server.administration import opened
from device.exchange.server.app import create_app
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.store import Account, SqliteStore
from device.exchange.wire import API, CODES
from tests.exchange.conftest import Shared
from tests.exchange.outsiders import Asker, World, world_at
from tests.exchange.routes import ADMIN, PAGES, PATH, ROUTES, SERVED, Row

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def accounts(shared: Shared) -> list[Account]:
    """As they are at first."""
    async with opened(shared.exchange.config.data_dir) as store:
        return await store.accounts.all()


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared: Shared, accounts: list[Account]) -> AsyncIterator[World]:
    async with world_at(shared.exchange, accounts) as made:
        yield made


def filled(template: Any, world: World, asker: Asker) -> Any:
    if isinstance(template, dict):
        return {name: filled(each, world, asker) for name, each in template.items()}
    if isinstance(template, str):
        return template.format(call=world.call, uid=asker.uid, call_token=asker.call_token)
    return template


async def ask(
    world: World, route: str, asker: Asker, headers: dict[str, str]
) -> tuple[str, httpx.Response]:
    """SERVED or the code of the refusal; and the answer."""
    method, _, path = route.partition(" ")
    path = path.format(**{name: filled(each, world, asker) for name, each in PATH.items()})
    body = filled(ROUTES[route].body, world, asker)
    async with world.http.stream(method, path, json=body, headers=headers) as answer:
        if answer.is_success and "event-stream" in answer.headers.get("content-type", ""):
            return SERVED, answer
        await answer.aread()
    world.http.cookies.clear()
    if answer.is_success:
        return SERVED, answer
    code = answer.json()["code"]
    assert answer.status_code == CODES[code], (route, answer.status_code, code)
    return code, answer


def headers_of(row: Row, asker: Asker) -> dict[str, str]:
    if asker.cookie is not None:  # which a page of another site can make a browser send
        return {"Cookie": f"{COOKIE}={asker.cookie}"}
    secret = asker.membership if row.needs.carries == "membership" else asker.auth_token
    return {} if secret is None else {"Authorization": f"Bearer {secret}"}


def expected(row: Row) -> dict[str, str]:
    """By who asks; Ana last, for whom something may change."""
    found = {
        "nothing": row.needs.nothing,
        "forged": row.needs.forged,
        "stale": row.needs.forged,
        "of the other kind": row.needs.forged,
        "Ana's cookie alone": row.needs.nothing,
        "eve": row.eve,
        "ana": row.ana,
    }
    return found | {"fay": row.fay} if row.needs is ADMIN else found


async def test_every_route_has_its_line(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    app = await create_app(ExchangeConfig(tmp_path, tls=False), store)
    await app.state.parts.aclose()
    await store.aclose()
    found, pages = set(), set()
    for each in iter_route_contexts(app.routes):
        assert each.path is not None
        if each.path.startswith(API):
            found |= {f"{method} {each.path.removeprefix(API)}" for method in each.methods or ()}
        else:
            pages.add(each.path)
    new, gone = sorted(found - ROUTES.keys()), sorted(ROUTES.keys() - found)
    lines = "\n".join(f'    "{route}": Row(ACCOUNT),' for route in new)
    assert not new, (
        "Say who may use these, with a line each in ROUTES of tests/exchange/routes.py: what it "
        "needs (NOTHING, ACCOUNT, MEMBERSHIP, or admin(body)), a good body, and what Ana and Eve "
        f"get. New names in a path go into PATH there.\n{lines}"
    )
    assert not gone, f"Take these out of ROUTES in tests/exchange/routes.py: {gone}"
    assert pages == PAGES, "Of tests/exchange/routes.py: all outside /api/v1 is for everybody."


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_serves_whom_it_should_and_nobody_else(world: World, route: str) -> None:
    row = ROUTES[route]
    before = world.private_rows()
    wrong = []
    for name, wanted in expected(row).items():
        asker = world.askers[name]
        got, answer = await ask(world, route, asker, headers_of(row, asker))
        if got != wanted:
            wrong.append(f"{name}: {got} in place of {wanted}")
        if name in ("ana", "fay"):
            continue
        text = answer.text if answer.is_stream_consumed else ""
        wrong += [f"{name} sees {secret!r}" for secret in world.secrets if secret in text]
        wrong += [f"{name} changed {each}" for each in set(world.private_rows()) ^ set(before)]
    assert not wrong, f"{route}: {wrong}; tests/exchange/routes.py says who gets what"


async def test_an_outsider_is_told_nothing(world: World) -> None:
    with closing(sqlite3.connect(world.database)) as db:
        told = {key for (key,) in db.execute("select key from events")}
    assert told
    assert told <= set(world.keys)
