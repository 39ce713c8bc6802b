"""Signing in, cookies, and who guesses passwords."""

from collections.abc import AsyncIterator

import httpx
import pytest

from device.errors import ConfigError
from device.exchange.server.store import Store
from device.exchange.wire import API, User
from tests.exchange.conftest import PASSWORD, RunningExchange


@pytest.fixture
async def http(exchange: RunningExchange) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=exchange.url + API, trust_env=False) as client:
        yield client


async def sign_in(http: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/sign-in", json={"uid": "ana", "password": password})


async def test_a_browser_gets_a_cookie_that_scripts_cannot_read(http: httpx.AsyncClient) -> None:
    answer = await sign_in(http)
    assert answer.json()["user"]["name"] == "Ana"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert (await http.get("/me")).json()["uid"] == "ana"


async def test_another_site_cannot_use_the_cookie(http: httpx.AsyncClient) -> None:
    await sign_in(http)
    bare = await http.post("/tokens", json={"session_id": "hall"})
    assert (bare.status_code, bare.json()["code"]) == (401, "auth_token_empty")
    ours = await http.post("/tokens", json={"session_id": "hall"}, headers={"X-Callbox": "1"})
    assert ours.status_code == 200


async def test_sign_out_ends_it_everywhere_the_token_is(http: httpx.AsyncClient) -> None:
    token = (await sign_in(http)).json()["auth_token"]
    http.cookies.clear()
    headers = {"Authorization": f"Bearer {token}"}
    assert (await http.get("/me", headers=headers)).status_code == 200
    assert (await http.post("/sign-out", headers=headers)).status_code == 204
    assert (await http.get("/me", headers=headers)).json()["code"] == "auth_token_refused"


async def test_an_auth_token_expires(exchange: RunningExchange, http: httpx.AsyncClient) -> None:
    await sign_in(http)
    exchange.wall.now_s += exchange.config.auth_lifetime_s + 1
    assert (await http.get("/me")).json()["code"] == "auth_token_refused"


async def test_a_guesser_has_to_wait(exchange: RunningExchange, http: httpx.AsyncClient) -> None:
    for _ in range(5):
        wrong = await sign_in(http, "wrong password")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    assert (await sign_in(http)).json()["code"] == "too_many_attempts"
    exchange.wall.now_s += 31
    assert (await sign_in(http)).status_code == 200


async def test_an_unknown_user_is_refused_like_a_wrong_password(http: httpx.AsyncClient) -> None:
    answer = await http.post("/sign-in", json={"uid": "nobody", "password": "x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")


async def test_a_weak_password_is_refused(exchange: RunningExchange) -> None:
    store = Store(exchange.config.data_dir)
    with pytest.raises(ConfigError, match="8 characters"):
        store.add_user(User("new", "New"), "short")
    with pytest.raises(ConfigError):
        store.add_user(User("", "New"), PASSWORD)
    store.close()
