"""The exchange's own description of its API, held against the exchange by Schemathesis: for each route
examples, all bounds, and random requests, right and wrong, with and without credentials. No 5xx, no
status, content or message that is not documented.

CALLBOX_FUZZ=1000 python -m pytest tests/exchange/test_openapi.py: as many of each kind and route.
"""

import asyncio
import os
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from device.exchange.server.administration import opened
from device.exchange.server.app import create_app
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.store import Account, SqliteStore
from tests.exchange.conftest import RunningExchange, Wall, running
from tests.exchange.outsiders import Asker, World, world_at

Result = TypeVar("Result")

EXAMPLES = int(os.environ.get("CALLBOX_FUZZ", "5"))
STREAM = "text/event-stream"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


async def _description() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        app = await create_app(ExchangeConfig(Path(folder), tls=False), store)
        await app.state.parts.aclose()
        await store.aclose()
    return app.openapi()


CONFIG = schemathesis.Config.from_dict(
    {"seed": 1, "generation": {"deterministic": True, "max-examples": EXAMPLES}}
)
schema = schemathesis.openapi.from_dict(asyncio.run(_description()), config=CONFIG)


class Backstage:
    """An event loop in a thread of its own, where an exchange runs while Schemathesis asks it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="exchange")
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True)
class Served:
    backstage: Backstage
    exchange: RunningExchange
    accounts: list[Account]
    """As they are at first."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    wall = Wall()
    config = ExchangeConfig(tmp_path_factory.mktemp("api"), port=0, tls=False, wall_s=wall)
    backstage = Backstage()
    exchange = running(config, wall)
    made = backstage.run(exchange.__aenter__())
    yield Served(backstage, made, backstage.run(_accounts(config.data_dir)))
    backstage.run(exchange.__aexit__(None, None, None))
    backstage.close()


async def _accounts(data_dir: Path) -> list[Account]:
    async with opened(data_dir) as store:
        return await store.accounts.all()


@pytest.fixture
def world(served: Served) -> World:
    async def make() -> World:
        async with world_at(served.exchange, served.accounts) as made:
            return made

    return served.backstage.run(make())


@pytest.mark.parametrize("who", ["nothing", "ana in her call", "fay"])
@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_the_api_is_as_it_says(
    case: schemathesis.Case[Any], world: World, served: Served, who: str
) -> None:
    name, _, at_home = who.partition(" ")
    headers = credentials(world.askers[name], case.operation.path)
    if at_home:
        for each, value in (("session_id", world.call), ("device_id", "one")):
            if each in case.path_parameters:
                case.path_parameters[each] = value
    kwargs = case.as_transport_kwargs(base_url=served.exchange.url, headers=headers)
    with requests.request(**kwargs, stream=True, timeout=30, allow_redirects=False) as answer:
        if answer.headers.get("content-type", "").startswith(STREAM):
            assert answer.status_code == 200
            assert STREAM in case.operation.definition.raw["responses"]["200"]["content"]
            return
        case.validate_response(answer, checks=CHECKS)


def credentials(asker: Asker, path: str) -> dict[str, str]:
    secret = asker.membership if "/session/" in path else asker.auth_token
    return {} if secret is None else {"Authorization": f"Bearer {secret}"}
