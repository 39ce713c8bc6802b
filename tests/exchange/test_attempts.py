"""Who guesses passwords waits ever longer; nobody else waits for long."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings, strategies as st

from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import add_accounts
from device.exchange.server.attempts import (
    FORGOTTEN_AFTER_S,
    PER_NETWORK,
    PER_PAIR,
    PER_USER,
    Attempts,
    Limit,
    network_of,
)
from device.exchange.server.passwords import Passwords
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import SqliteStore
from device.exchange.wire import API, User
from tests.exchange.admins import make_admin, refused, request
from tests.exchange.conftest import PASSWORD, HandClock, RunningExchange


def wait_of(attempts: Attempts, uid: str, network: str) -> int:
    try:
        attempts.check((uid, network))
    except Refusal as refusal:
        return refusal.retry_after_s or -1
    return 0


def guess(attempts: Attempts, clock: HandClock, uid: str, network: str) -> None:
    """A wrong password, as soon as one may be tried."""
    clock.turn(wait_of(attempts, uid, network))
    attempts.begin((uid, network))


def test_each_wait_is_twice_the_one_before_up_to_a_bound() -> None:
    clock = HandClock()
    attempts, waits = Attempts(clock), []
    for _ in range(13):
        guess(attempts, clock, "ana", "there")
        waits.append(wait_of(attempts, "ana", "there"))
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    clock.turn(FORGOTTEN_AFTER_S)
    attempts.begin(("ana", "there"))
    assert wait_of(attempts, "ana", "there") == 0


def test_who_tries_many_users_waits_and_others_do_not() -> None:
    clock = HandClock()
    attempts = Attempts(clock)
    for number in range(PER_NETWORK.free):
        attempts.begin((f"user {number}", "there"))
    assert wait_of(attempts, "ana", "there") == PER_NETWORK.first_wait_s
    assert wait_of(attempts, "ana", "elsewhere") == 0


def test_who_guesses_from_everywhere_locks_nobody_out_from_where_they_come() -> None:
    clock = HandClock()
    attempts = Attempts(clock)
    attempts.begin(("ana", "home"))
    attempts.succeeded(("ana", "home"))
    for number in range(500):
        guess(attempts, clock, "ana", f"network {number}")
    assert attempts.is_locked("ana")
    assert not attempts.is_locked("ben")
    assert wait_of(attempts, "ana", "home") == 0
    assert wait_of(attempts, "ana", "holidays") == PER_USER.longest_wait_s
    clock.turn(PER_USER.longest_wait_s)
    assert wait_of(attempts, "ana", "holidays") == 0
    assert not attempts.is_locked("ana")


def test_who_has_an_account_cannot_wipe_out_what_they_guessed_at_others() -> None:
    attempts = Attempts(HandClock())
    for number in range(PER_NETWORK.free - 1):
        attempts.begin((f"user {number}", "there"))
        attempts.begin(("mine", "there"))
        attempts.succeeded(("mine", "there"))
    attempts.begin(("ana", "there"))
    assert wait_of(attempts, "ben", "there") == PER_NETWORK.first_wait_s


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans()), max_size=60)
)
def test_no_wait_is_longer_than_a_quarter_of_an_hour(tried: list[tuple[str, str, bool]]) -> None:
    clock = HandClock()
    attempts = Attempts(clock)
    for uid, network, is_right in tried:
        wait_s = wait_of(attempts, uid, network)
        assert wait_s <= max(PER_PAIR.longest_wait_s, PER_NETWORK.longest_wait_s) == 900
        guess(attempts, clock, uid, network)
        if is_right:
            attempts.succeeded((uid, network))
            assert wait_of(attempts, uid, network) <= PER_NETWORK.longest_wait_s


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:9:8:7:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_whole_network_of_ipv6_is_one_guesser(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.fixture
def two_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """To be taken for one who guesses from everywhere: each failure takes its time."""
    monkeypatch.setattr("device.exchange.server.attempts.PER_USER", Limit(2, 15.0, 120.0))


async def sign_in(
    exchange: RunningExchange, host: str, password: str = PASSWORD, uid: str = "ana"
) -> httpx.Response:
    """Through a proxy on the exchange's machine, which says where it comes from."""
    async with httpx.AsyncClient(base_url=exchange.url + API, trust_env=False) as http:
        body = {"uid": uid, "password": password}
        return await http.post("/sign-in", json=body, headers={"X-Forwarded-For": host})


async def test_a_locked_user_signs_in_at_home_and_an_admin_sees_it(
    two_are_enough: None, exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    await make_admin(exchange, "fay")
    assert (await sign_in(exchange, "10.0.0.1")).status_code == 200
    for host in ("10.0.0.2", "10.0.0.3"):
        assert (await sign_in(exchange, host, "wrong password")).status_code == 401
    elsewhere = await sign_in(exchange, "10.0.0.4")
    assert refused(elsewhere) == (429, "too_many_attempts")
    assert elsewhere.headers["retry-after"] == "15"
    assert (await sign_in(exchange, "10.0.0.1")).status_code == 200
    people = (await request(exchange, accounts["fay"], "GET", "/people")).json()["people"]
    assert [each["user"]["uid"] for each in people if each["is_locked"]] == ["ana"]
    exchange.clock.turn(15)
    assert (await sign_in(exchange, "10.0.0.4")).status_code == 200


async def test_a_guesser_with_a_sign_in_of_the_user_has_to_wait_too(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    body = {"old": "wrong password", "new": "another password"}
    for _ in range(PER_PAIR.free):
        wrong = await request(exchange, accounts["ana"], "PUT", "/me/password", body)
        assert refused(wrong) == (403, "password_wrong")
    late = await request(exchange, accounts["ana"], "PUT", "/me/password", body)
    assert refused(late) == (429, "too_many_attempts")
    assert late.headers["retry-after"] == "30"


async def test_a_password_that_is_changed_while_it_is_looked_at_does_not_fit(
    tmp_path: Path,
) -> None:
    await add_accounts(tmp_path, {User("ana", "Ana"): PASSWORD})
    async with aclosing(SqliteStore(tmp_path)) as store:
        passwords = Passwords(Attempts(HandClock()))
        looking = asyncio.create_task(passwords.fits("ana", "there", PASSWORD, store))
        await asyncio.sleep(0)  # in the thread now
        account = await store.accounts.get("ana")
        assert account is not None
        await store.accounts.put(replace(account, password_hash="another"))
        assert await looking is None
