"""Signing in, cookies, and who guesses passwords."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from device.errors import ConfigError
from device.exchange.server.administration import add_accounts, opened
from device.exchange.server.store import digest
from device.exchange.wire import API, User
from tests.exchange.conftest import PASSWORD, RunningExchange

OURS = {"X-Callbox": "1"}


@pytest.fixture
async def http(exchange: RunningExchange) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=exchange.url + API, trust_env=False) as client:
        yield client


async def sign_in(http: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    body = {"uid": "ana", "password": password}
    return await http.post("/sign-in", json=body, headers=OURS)


async def test_a_browser_gets_a_cookie_that_scripts_cannot_read(http: httpx.AsyncClient) -> None:
    answer = await sign_in(http)
    assert answer.json()["user"]["name"] == "Ana"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie  # plain HTTP on loopback; test_tls has the other case
    me = (await http.get("/me", headers=OURS)).json()
    assert (me["user"]["uid"], me["role"]) == ("ana", "member")
    assert me["expires_at"] == answer.json()["expires_at"]


async def test_another_site_cannot_use_the_cookie(http: httpx.AsyncClient) -> None:
    await sign_in(http)
    for method, path, body in (
        ("POST", "/tokens", {"session_id": "hall"}),
        ("GET", "/me", None),
        ("GET", "/sessions", None),
    ):
        bare = await http.request(method, path, json=body)
        assert (bare.status_code, bare.json()["code"]) == (401, "auth_token_empty")
    ours = await http.post("/tokens", json={"session_id": "hall"}, headers=OURS)
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
    assert (await http.get("/me", headers=OURS)).json()["code"] == "auth_token_refused"


async def test_a_guesser_has_to_wait(exchange: RunningExchange, http: httpx.AsyncClient) -> None:
    for _ in range(5):
        wrong = await sign_in(http, "wrong password")
        assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    assert (await sign_in(http)).json()["code"] == "too_many_attempts"
    exchange.wall.now_s -= 100_000  # a wall clock that is set back locks nobody out
    exchange.clock.turn(31)
    assert (await sign_in(http)).status_code == 200


async def test_guesses_sent_at_once_are_counted(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(sign_in(http, "wrong password") for _ in range(12)))
    codes = [answer.json()["code"] for answer in answers]
    assert sorted(codes) == ["sign_in_refused"] * 5 + ["too_many_attempts"] * 7


async def test_an_unknown_user_is_refused_like_a_wrong_password(http: httpx.AsyncClient) -> None:
    answer = await http.post("/sign-in", json={"uid": "nobody", "password": "x"})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        (User("new", "New"), "short", "8 to 1024"),
        (User("new", "New"), "x" * 1025, "8 to 1024"),
        (User("", "New"), PASSWORD, "id of 1"),
        (User("x" * 129, "New"), PASSWORD, "id of 1"),
        (User("new", ""), PASSWORD, "name of 1"),
        (User("new ", "New"), PASSWORD, "space"),
        (User("new", "New\n"), PASSWORD, "space"),
        (User("n\x00w", "New"), PASSWORD, "shown"),
        (User("new", "\ud800"), PASSWORD, "shown"),
        (User("new", "New", avatar="an avatar"), PASSWORD, "avatar"),
    ],
)
async def test_an_unusable_account_is_refused(
    tmp_path: Path, user: User, password: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        await add_accounts(tmp_path, {User("good", "Good"): PASSWORD, user: password})
    async with opened(tmp_path) as store:
        assert await store.accounts.all() == []


async def test_a_new_password_signs_out_everywhere(
    exchange: RunningExchange, http: httpx.AsyncClient
) -> None:
    await sign_in(http)
    # As the command line does, beside it.
    await add_accounts(exchange.config.data_dir, {User("ana", "Ana"): "another password"})
    assert (await http.get("/me", headers=OURS)).json()["code"] == "auth_token_refused"
    assert (await sign_in(http)).json()["code"] == "sign_in_refused"
    assert (await sign_in(http, "another password")).status_code == 200


async def test_the_database_is_for_its_owner_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.accounts.signing_key()
        modes = {
            name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in os.listdir(tmp_path)
        }
    assert set(modes.values()) == {0o600}, modes


async def test_expired_auth_tokens_are_forgotten(tmp_path: Path) -> None:
    await add_accounts(tmp_path, {User("ana", "Ana"): PASSWORD})
    async with opened(tmp_path) as store:
        for day in range(5):
            await store.accounts.add_auth_token(digest(str(day)), "ana", day + 1, day)
    with closing(sqlite3.connect(tmp_path / "exchange.db")) as db:
        assert db.execute("select count(*) from auth_tokens").fetchall() == [(1,)]
