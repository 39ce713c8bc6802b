"""Links that are given away lead to the exchange, also where an admin made them at its own machine."""

from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from device.exchange.server import certificate
from device.exchange.server.app import create_app
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.store import Account, SqliteStore, digest
from device.exchange.wire import API, PairingLink, User, netloc

HERE = netloc(certificate.own_address(), 8443)


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("localhost:8443", HERE),
        ("127.0.0.1:8443", HERE),
        ("callbox.example:8443", "callbox.example:8443"),
    ],
)
async def test_no_link_leads_to_the_machine_of_who_opens_it(
    tmp_path: Path, asked: str, reached: str
) -> None:
    config = ExchangeConfig(tmp_path, host="0.0.0.0", wall_s=lambda: 1000.0)
    async with aclosing(SqliteStore(tmp_path)) as store:
        await store.accounts.put(Account(User("fay", "Fay"), "no password", "admin"))
        await store.accounts.add_auth_token(digest("token"), "fay", 2000, 1000.0)
        app = await create_app(config, store)
        transport, bearer = httpx.ASGITransport(app), {"Authorization": "Bearer token"}
        async with httpx.AsyncClient(
            transport=transport, base_url=f"https://{asked}{API}", headers=bearer
        ) as http:
            wanted = {
                "receiver": "fay",
                "receiver_type": "user",
                "name": "Post",
                "expires_at": 1500,
            }
            link = (await http.post("/links", json=wanted)).json()["url"]
            unit = {"uid": "gate", "name": "The gate"}
            pairing = (await http.post("/pairings", json=unit)).json()["link"]
        await app.state.parts.aclose()
    assert link.startswith(f"https://{reached}/#visit=")
    assert PairingLink.parse(pairing).url == f"https://{reached}"
