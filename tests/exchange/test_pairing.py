"""Pairing codes, through the real HTTP interface."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import add_accounts, opened
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.parts import make_parts
from device.exchange.server.refusal import Refusal
from device.exchange.wire import API, PairingLink, Redeem, User, plain_code, plain_fingerprint
from tests.exchange.admins import thrown_out
from tests.exchange.conftest import PASSWORD, HandClock, RunningExchange, Wall, running
from tests.exchange.phones import phone

ATTEMPT = "what a unit calls its try"
GATE = {"uid": "gate", "name": "The gate", "session_id": "hall"}


class People:
    """Requests, as whoever is signed in."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self._tokens: dict[str, str] = {}

    async def ask(
        self, uid: str | None, method: str, path: str, body: Any = None
    ) -> httpx.Response:
        headers = {}
        if uid is not None:
            if uid not in self._tokens:
                signing = {"uid": uid, "password": PASSWORD}
                answer = await self.http.post("/sign-in", json=signing)
                self._tokens[uid] = answer.json()["auth_token"]
            headers["Authorization"] = f"Bearer {self._tokens[uid]}"
        return await self.http.request(method, path, json=body, headers=headers)

    async def pairing(self, body: dict[str, Any] = GATE) -> str:
        answer = await self.ask("root", "POST", "/pairings", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["code"])

    async def redeem(self, code: str, attempt: str = ATTEMPT) -> httpx.Response:
        return await self.ask(None, "POST", "/pairings/redeem", {"code": code, "attempt": attempt})


@pytest.fixture
async def people(exchange: RunningExchange) -> AsyncIterator[People]:
    await add_accounts(exchange.config.data_dir, {User("root", "Root"): PASSWORD}, "admin")
    async with httpx.AsyncClient(base_url=exchange.url + API, trust_env=False, timeout=60) as http:
        yield People(http)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def test_a_code_makes_the_account_of_a_unit(people: People) -> None:
    code = await people.pairing()
    redeemed = await people.redeem(code.lower().replace("-", " "))
    assert redeemed.status_code == 200
    answer = redeemed.json()
    assert answer["user"] == {"uid": "gate", "name": "The gate", "avatar": None, "kind": "unit"}
    assert answer["session_id"] == "hall"
    signing = {"uid": "gate", "password": answer["password"]}
    assert (await people.ask(None, "POST", "/sign-in", signing)).status_code == 200


async def test_only_an_admin_makes_codes(people: People) -> None:
    assert code_of(await people.ask("ana", "POST", "/pairings", GATE)) == (403, "not_permitted")
    assert code_of(await people.ask(None, "POST", "/pairings", GATE)) == (401, "auth_token_empty")


async def test_a_code_works_once_and_again_for_who_lost_the_answer(people: People) -> None:
    code = await people.pairing()
    first = (await people.redeem(code)).json()["password"]
    assert code_of(await people.redeem(code, "what another calls its try")) == (403, "pairing_used")
    second = (await people.redeem(code)).json()["password"]
    for password, status in ((first, 401), (second, 200)):
        signing = {"uid": "gate", "password": password}
        assert (await people.ask(None, "POST", "/sign-in", signing)).status_code == status


async def test_two_at_once_do_not_both_get_it(people: People) -> None:
    code = await people.pairing()
    answers = await asyncio.gather(*(people.redeem(code, ATTEMPT + str(n)) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403]


async def test_a_code_expires_even_for_who_has_it(
    exchange: RunningExchange, people: People
) -> None:
    codes = [await people.pairing(), await people.pairing(GATE | {"uid": "yard"})]
    await people.redeem(codes[0])
    exchange.wall.now_s += 600
    for code in codes:
        assert code_of(await people.redeem(code)) == (403, "pairing_expired")
    exchange.wall.now_s += 86_401
    await people.pairing(GATE | {"uid": "other"})
    assert code_of(await people.redeem(codes[0])) == (403, "pairing_refused")


async def test_a_new_code_for_the_same_unit_voids_the_old_one(people: People) -> None:
    old, new = await people.pairing(), await people.pairing()
    assert code_of(await people.redeem(old)) == (403, "pairing_refused")
    assert (await people.redeem(new)).status_code == 200


async def test_a_unit_that_is_there_keeps_its_password_until_the_code_is_used(
    people: People,
) -> None:
    code = await people.pairing({"uid": "door", "name": "Door"})
    signing = {"uid": "door", "password": PASSWORD}
    assert (await people.ask(None, "POST", "/sign-in", signing)).status_code == 200
    assert (await people.redeem(code)).json()["session_id"] is None
    assert (await people.ask(None, "POST", "/sign-in", signing)).status_code == 401


async def test_no_unit_takes_over_a_person(exchange: RunningExchange, people: People) -> None:
    body = {"uid": "ana", "name": "Ana"}
    assert code_of(await people.ask("root", "POST", "/pairings", body)) == (409, "uid_taken")
    code = await people.pairing()
    await add_accounts(exchange.config.data_dir, {User("gate", "Bill Gate"): PASSWORD})
    assert code_of(await people.redeem(code)) == (409, "uid_taken")


@pytest.mark.parametrize("name", ["", " door", "d\x00r"])
async def test_a_name_that_cannot_be_shown_is_refused(people: People, name: str) -> None:
    body = {"uid": "gate", "name": name}
    assert code_of(await people.ask("root", "POST", "/pairings", body)) == (422, "body_invalid")


async def test_the_code_is_not_kept(exchange: RunningExchange, people: People) -> None:
    plain = plain_code(await people.pairing())
    with closing(sqlite3.connect(exchange.config.data_dir / "exchange.db")) as db:
        dump = "\n".join(db.iterdump())
    assert "gate" in dump
    assert plain not in dump


async def test_a_guesser_has_to_wait(exchange: RunningExchange, people: People) -> None:
    code = await people.pairing()
    for wrong in ("22222-22222", "no code at all", "O0O0O-O0O0O", "22222-22223", "x"):
        assert code_of(await people.redeem(wrong)) == (403, "pairing_refused")
    assert code_of(await people.redeem(code)) == (429, "too_many_attempts")
    exchange.clock.turn(31)
    assert (await people.redeem(code)).status_code == 200


async def test_guessers_from_many_addresses_have_to_wait(exchange: RunningExchange) -> None:
    clock = HandClock()
    async with opened(exchange.config.data_dir) as store:
        parts = await make_parts(exchange.config, store, clock)

        async def guess(address: str) -> str:
            with pytest.raises(Refusal) as refused:
                await parts.pairings.redeem(Redeem("22222-22222", ATTEMPT), address, 0.0)
            return refused.value.code

        codes = [await guess(f"10.0.0.{n}") for n in range(51)]
        assert codes == ["pairing_refused"] * 50 + ["too_many_attempts"]
        clock.turn(16)
        assert await guess("10.0.1.1") == "pairing_refused"
        await parts.aclose()


async def test_a_unit_that_is_replaced_is_out_at_once(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount], people: People
) -> None:
    async with phone(accounts["door"]) as old:
        code = await people.pairing(GATE | {"uid": "door"})
        await people.redeem(code)
        assert (await thrown_out(old)).reason.code == "auth_token_refused"


async def test_the_link_says_where_and_which_certificate(tmp_path_factory: Any) -> None:
    wall = Wall()
    config = ExchangeConfig(tmp_path_factory.mktemp("tls"), port=0, tls=True, wall_s=wall)
    async with running(config, wall) as exchange:
        await add_accounts(config.data_dir, {User("root", "Root"): PASSWORD}, "admin")
        url = exchange.url + API
        trust = exchange.address("root").trust()
        async with httpx.AsyncClient(
            base_url=url, verify=trust, trust_env=False, timeout=60
        ) as http:
            people = People(http)
            answer = (await people.ask("root", "POST", "/pairings", GATE)).json()
            link = PairingLink.parse(answer["link"])
            assert link.url == exchange.url
            assert link.code == plain_code(answer["code"])
            assert link.fingerprint is not None
            broken = {"Host": "[::1", "X-Callbox": "1"}
            odd = await http.post("/pairings", json=GATE, headers=broken)
            assert odd.status_code < 500


CODES = st.text("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=10, max_size=10)
HOSTS = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,10}){0,3}", fullmatch=True) | st.ip_addresses(
    v=6
).map(str)
LINKS = st.builds(
    PairingLink,
    HOSTS,
    st.integers(1, 65535),
    CODES,
    st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
)


@given(LINKS)
def test_a_link_is_read_as_it_was_written_in_either_case(link: PairingLink) -> None:
    assert PairingLink.parse(str(link)) == link
    assert PairingLink.parse(f" {str(link).upper()}\n") == link
    assert PairingLink.at(link.url, link.shown_code, link.fingerprint) == link


@given(
    st.text()
    | st.builds("callbox://{}".format, st.text())
    | st.builds("callbox://{}:{}/{}/{}".format, st.text(), st.text(), CODES, st.text())
    | st.builds(lambda link, at, odd: str(link)[:at] + odd, LINKS, st.integers(0, 99), st.text())
)
def test_what_is_no_link_is_refused_in_words(text: str) -> None:
    words = "."
    try:
        link = PairingLink.parse(text)
        assert PairingLink.parse(str(link)) == link
    except ValueError as error:
        words = str(error)
    assert words.endswith(".")


@given(st.text())
def test_what_is_no_code_or_fingerprint_is_refused_in_words(text: str) -> None:
    for plain in (plain_code, plain_fingerprint):
        words = "."
        try:
            assert plain(plain(text)) == plain(text)
        except ValueError as error:
            words = str(error)
        assert words.endswith(".")
