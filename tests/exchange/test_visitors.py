"""Visitors' links, through the real HTTP interface: one receiver, one device, one call, and no more."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from device.errors import ExchangeError
from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import add_accounts, opened, remove_group
from device.exchange.server.store import Group
from device.exchange.server.visits import MAX_VISITORS, MOST_CALLS, WITHIN_S
from device.exchange.wire import API, User
from device.session.facts import PeerJoined, RemovedFromSession
from device.session.values import EndReason, MediaState
from tests.exchange.admins import make_admin, refused, thrown_out
from tests.exchange.conftest import PASSWORD, RunningExchange
from tests.exchange.members import Member, enter, signed_in, until
from tests.exchange.phones import Phone, phone
from tests.exchange.routes import ACCOUNT, ADMIN, ROUTES

Accounts = dict[str, ExchangeAccount]
LASTS_S = 3600


class Links:
    """Makes links, and has visitors come by them."""

    def __init__(
        self, exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
    ) -> None:
        self.exchange = exchange
        self.accounts = accounts
        self._http = http

    async def ask(self, uid: str, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.by(await signed_in(self.accounts[uid]), method, path, body)

    async def asked_for(self, maker: str, receiver: str, **other: Any) -> httpx.Response:
        body = {
            "receiver_type": "user",
            "receiver": receiver,
            "name": "Parcels",
            "expires_at": int(self.exchange.wall()) + LASTS_S,
        }
        return await self.ask(maker, "POST", "/links", body | other)

    async def make(
        self, maker: str = "ana", receiver: str = "ana", **other: Any
    ) -> tuple[str, str]:
        """Its id and its secret."""
        answer = await self.asked_for(maker, receiver, **other)
        assert answer.status_code == 200, answer.text
        where, secret = answer.json()["url"].split("/#visit=")
        assert where == self.exchange.url
        return answer.json()["link_id"], secret

    async def open(self, secret: str, name: str = "Bob") -> httpx.Response:
        body = {"secret": secret, "name": name}
        return await self._http.post("/visit", json=body)

    async def token(self, secret: str) -> str:
        answer = await self.open(secret)
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"] | {"uid": ""} == {
            "uid": "", "name": "Bob", "avatar": None, "kind": "visitor"
        }  # fmt: skip
        return str(answer.json()["auth_token"])

    async def by(self, token: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self._http.request(method, path, json=body, headers=headers)


@pytest.fixture
async def links(exchange: RunningExchange, accounts: Accounts) -> AsyncIterator[Links]:
    # Without TLS there is nothing to verify, and the system's certificates take long to read.
    async with httpx.AsyncClient(
        base_url=exchange.url + API, trust_env=False, verify=False, timeout=60
    ) as http:
        yield Links(exchange, accounts, http)


@asynccontextmanager
async def visiting(links: Links, token: str) -> AsyncIterator[Phone]:
    tab = Phone(links.accounts["ana"].new_line("tab", token))
    await tab.plug_in()
    try:
        yield tab
    finally:
        await tab.unplug()


async def join(links: Links, token: str, session_id: str) -> Member:
    account = links.accounts["ana"]
    member = Member(account.new_call())
    call_token = await account.generate_token(session_id, token)
    member.joined = await member.call.join(call_token, MediaState(), False, member.facts.put_nowait)
    return member


@asynccontextmanager
async def in_call(links: Links, token: str) -> AsyncIterator[tuple[Phone, Member, Phone, Member]]:
    """A visitor and Ana: their devices and their memberships."""
    async with visiting(links, token) as tab, phone(links.accounts["ana"]) as ana:
        call = await tab.line.initiate("ana")
        incoming = await ana.news("incoming")
        assert incoming.parties[0].user.name == "Bob"
        assert incoming.parties[0].user.kind == "visitor"
        await ana.line.accept(call.session_id)
        await tab.news("accepted")
        hers = await enter(links.accounts["ana"], call.session_id)
        his = await join(links, token, call.session_id)
        # All listen, so that nothing but the link is waited for.
        await until(lambda: links.exchange.clock.pending == 1)
        yield tab, his, ana, hers


async def test_a_visitor_calls_whom_the_link_names(links: Links) -> None:
    _, secret = await links.make()
    async with in_call(links, await links.token(secret)) as (tab, his, ana, hers):
        assert his.joined.grants == {"publish", "subscribe"}
        assert (await hers.next(PeerJoined)).participant.name == "Bob (visitor)"
        call = await tab.line.active_call()
        assert call is not None
        await tab.line.end(call.session_id)
        assert (await ana.news("ended")).status == "ended"


async def test_a_group_may_be_called(links: Links) -> None:
    await make_admin(links.exchange, "fay")
    async with opened(links.exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "The family", ("ana", "ben")))
    _, secret = await links.make("fay", "family", receiver_type="group")
    async with (
        visiting(links, await links.token(secret)) as tab,
        phone(links.accounts["ben"]) as ben,
    ):
        await tab.line.initiate("family", "group")
        assert (await ben.news("incoming")).receiver_name == "The family"


async def asked(links: Links) -> None:
    assert (await links.ask("fay", "DELETE", "/groups/family")).status_code == 204


async def typed(links: Links) -> None:
    await remove_group(links.exchange.config.data_dir, "family")


@pytest.mark.parametrize("remove", [asked, typed])
async def test_with_a_group_its_links_go_in_a_running_call_too(
    links: Links, remove: Callable[[Links], Awaitable[None]]
) -> None:
    await make_admin(links.exchange, "fay")
    family = {"name": "The family", "members": ["ana", "ben"]}
    await links.ask("fay", "PUT", "/groups/family", family)
    _, secret = await links.make("fay", "family", receiver_type="group")
    token = await links.token(secret)
    async with (
        visiting(links, token) as tab,
        phone(links.accounts["ana"]) as ana,
        phone(links.accounts["ben"]) as ben,
    ):
        call = await tab.line.initiate("family", "group")
        for each in (ana, ben):
            await each.line.accept(call.session_id)
        his = await join(links, token, call.session_id)
        # All listen: there is the end of the link, and the time that the others have to join.
        await until(lambda: links.exchange.clock.pending == 2)
        await remove(links)
        assert (await his.next(RemovedFromSession)).reason is EndReason.REMOVED
        await thrown_out(tab)
        assert (await ana.line.active_call()) is not None, "the others are still in the call"
    # Nobody is rung by an old link under the name of a new group.
    await links.ask("fay", "PUT", "/groups/family", family)
    await over(links, token, secret)
    assert (await links.ask("fay", "GET", "/links")).json() == {"links": []}


MAY = {
    "GET /me", "POST /tokens", "PUT /devices/{device_id}", "GET /devices/{device_id}/events",
    "POST /calls", "GET /calls/active", "DELETE /calls/active", "GET /calls/{session_id}",
    "POST /calls/{session_id}/cancel", "POST /calls/{session_id}/end",
}  # fmt: skip
"""What visitors are let into, as far as it is theirs. All else is closed to them by itself."""


async def test_every_other_route_is_closed(links: Links) -> None:
    token = await links.token((await links.make())[1])
    for route, row in ROUTES.items():
        method, path = route.split(" ")
        if row.needs in (ACCOUNT, ADMIN) and route not in MAY:
            names = {
                "session_id": "x",
                "device_id": "x",
                "link_id": "x",
                "uid": "x",
                "group_id": "x",
            }
            answer = await links.by(token, method, path.format(**names), row.body)
            assert refused(answer) == (403, "not_permitted"), route


async def test_nobody_else_and_nothing_else(links: Links) -> None:
    token = await links.token((await links.make())[1])
    assert (await links.by(token, "GET", "/me")).json()["role"] == "visitor"
    async with visiting(links, token) as tab, phone(links.accounts["ben"]) as ben:
        for receiver, kind in (("ben", "user"), ("ana", "group")):
            body = {"receiver": receiver, "receiver_type": kind, "device_id": "tab"}
            answer = await links.by(token, "POST", "/calls", body)
            assert refused(answer) == (403, "not_permitted")
        answer = await links.by(token, "PUT", "/devices/another")
        assert refused(answer) == (409, "too_many_devices")
        for session_id, code in (("hall", "not_permitted"), ("", "session_id_empty")):
            answer = await links.by(token, "POST", "/tokens", {"session_id": session_id})
            assert answer.json()["code"] == code
        async with phone(links.accounts["door"]) as door:
            theirs = await door.line.initiate("ben")
            body = {"session_id": theirs.session_id}
            assert refused(await links.by(token, "POST", "/tokens", body)) == (403, "not_in_call")
            await ben.news("incoming")
        assert await tab.line.active_call() is None


async def test_a_link_that_got_about_keeps_nobody_awake(links: Links) -> None:
    _, secret = await links.make()
    ring = {"receiver": "ana", "device_id": "tab"}
    for _ in range(MOST_CALLS):
        answer = await links.by(await links.token(secret), "POST", "/calls", ring)
        assert answer.json()["code"] == "device_unknown", "asked is asked"
    visitor = await links.token(secret)
    async with visiting(links, visitor) as tab, phone(links.accounts["ana"]) as ana:
        refusal = await links.by(visitor, "POST", "/calls", ring)
        assert (refusal.status_code, refusal.json()["code"]) == (429, "too_many_attempts")
        assert int(refusal.headers["retry-after"]) == WITHIN_S
        _, other = await links.make()
        answer = await links.by(await links.token(other), "POST", "/calls", ring)
        assert answer.json()["code"] == "device_unknown", "each link has its own"
        links.exchange.clock.turn(WITHIN_S)
        await tab.line.initiate("ana")
        assert (await ana.news("incoming")).parties[0].user.name == "Bob"


async def test_a_visitor_is_in_no_directory_and_cannot_be_called(links: Links) -> None:
    signed_in = (await links.open((await links.make())[1])).json()
    async with visiting(links, signed_in["auth_token"]), phone(links.accounts["ana"]) as ana:
        with pytest.raises(ExchangeError) as error:
            await ana.line.initiate(signed_in["user"]["uid"])
        assert error.value.code == "callee_unknown"
        listed = (await links.ask("ana", "GET", "/directory")).text
        assert "door" in listed
        assert "visitor" not in listed


async def over(links: Links, token: str, secret: str) -> None:
    assert refused(await links.by(token, "GET", "/me")) == (401, "auth_token_refused")
    assert refused(await links.open(secret)) == (403, "link_refused")


async def test_a_link_that_is_taken_back_ends_the_call(links: Links) -> None:
    link_id, secret = await links.make()
    token = await links.token(secret)
    async with in_call(links, token) as (tab, his, ana, hers):
        spare = await links.accounts["ana"].generate_token(hers.joined.session_id, token)
        assert (await links.ask("ana", "DELETE", f"/links/{link_id}")).status_code == 204
        assert (await his.next(RemovedFromSession)).reason is EndReason.REMOVED
        assert (await ana.news("ended")).parties[0].user.name == "Bob"
        await thrown_out(tab)
        with pytest.raises(ExchangeError):
            await his.call.join(spare, MediaState(), False, his.facts.put_nowait)
        await over(links, token, secret)
        session_id = hers.joined.session_id
        kept = (await links.ask("ana", "GET", f"/calls/{session_id}")).json()
        assert kept["parties"][0]["user"]["name"] == "Bob", "the log keeps the name"


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_link_that_expires_ends_the_call(links: Links, is_restarted: bool) -> None:
    _, secret = await links.make()
    token = await links.token(secret)
    async with in_call(links, token) as (_, his, ana, _hers):
        if is_restarted:
            await links.exchange.stop()
            await links.exchange.start()
        # All listen again, so that nothing but the link is waited for.
        await until(lambda: links.exchange.clock.pending == 1)
        links.exchange.wall.now_s += LASTS_S
        links.exchange.clock.turn(LASTS_S)
        assert (await his.next(RemovedFromSession)).reason is EndReason.REMOVED
        assert (await ana.next_news("ended")).status == "ended"
        await over(links, token, secret)


async def test_a_visitor_who_leaves_is_gone(links: Links) -> None:
    _, secret = await links.make()
    token = await links.token(secret)
    async with visiting(links, token) as tab, phone(links.accounts["ana"]) as ana:
        await tab.line.initiate("ana")
        await ana.news("incoming")
        assert (await links.by(token, "POST", "/sign-out")).status_code == 204
        await ana.news("cancelled")
        assert refused(await links.by(token, "GET", "/me")) == (401, "auth_token_refused")
    await links.token(secret)


async def test_who_makes_links_for_whom(links: Links) -> None:
    await make_admin(links.exchange, "fay")
    now = int(links.exchange.wall())
    wrong: list[tuple[str, str, dict[str, Any], tuple[int, str]]] = [
        ("ana", "ben", {}, (403, "not_permitted")),
        ("ana", "ana", {"receiver_type": "group"}, (403, "not_permitted")),
        ("fay", "nobody", {}, (404, "callee_unknown")),
        ("fay", "ana", {"receiver_type": "group"}, (404, "callee_unknown")),
        ("ana", "ana", {"expires_at": now}, (422, "body_invalid")),
        ("ana", "ana", {"expires_at": now + 367 * 86_400}, (422, "body_invalid")),
        ("ana", "ana", {"name": " "}, (422, "body_invalid")),
    ]
    for maker, receiver, other, code in wrong:
        assert refused(await links.asked_for(maker, receiver, **other)) == code
    hers, _ = await links.make("fay", "ana")
    his, _ = await links.make("ben", "ben", name="Pizza")
    seen = {
        uid: [each["link_id"] for each in (await links.ask(uid, "GET", "/links")).json()["links"]]
        for uid in ("ana", "ben", "eve", "fay")
    }
    assert {uid: set(each) for uid, each in seen.items()} == {
        "ana": {hers}, "ben": {his}, "eve": set(), "fay": {hers, his}
    }  # fmt: skip
    assert "visit=" not in (await links.ask("ben", "GET", "/links")).text
    assert refused(await links.ask("ana", "DELETE", f"/links/{his}")) == (404, "link_unknown")
    assert (await links.ask("ana", "DELETE", f"/links/{hers}")).status_code == 204
    assert (await links.ask("fay", "DELETE", f"/links/{his}")).status_code == 204


async def test_a_link_does_not_outlive_whom_it_names(links: Links) -> None:
    await make_admin(links.exchange, "fay")
    _, secret = await links.make()
    token = await links.token(secret)
    assert (await links.ask("fay", "DELETE", "/people/ana")).status_code == 204
    await add_accounts(links.exchange.config.data_dir, {User("ana", "Another Ana"): PASSWORD})
    await over(links, token, secret)


async def test_secrets_are_not_kept_and_names_are_names(links: Links) -> None:
    _, secret = await links.make()
    token = await links.token(secret)
    raw = (links.exchange.config.data_dir / "exchange.db").read_bytes()
    raw += (links.exchange.config.data_dir / "exchange.db-wal").read_bytes()
    assert b"Parcels" in raw
    assert secret.encode() not in raw
    assert token.encode() not in raw
    for name in ("", " Bob", "B\nb", "x" * 65):
        assert refused(await links.open(secret, name)) == (422, "body_invalid")


async def test_who_is_signed_in_stays_so_when_they_open_a_link_in_the_same_browser(
    links: Links,
) -> None:
    _, secret = await links.make()
    ours = {"X-Callbox": "1"}
    url = links.exchange.url + API
    async with httpx.AsyncClient(base_url=url, trust_env=False, verify=False, timeout=60) as http:
        await http.post("/sign-in", json={"uid": "ben", "password": PASSWORD}, headers=ours)
        answer = await http.post("/visit", json={"secret": secret, "name": "Bob"}, headers=ours)
        assert "set-cookie" not in answer.headers
        assert (await http.get("/me", headers=ours)).json()["user"]["name"] == "Ben"


async def test_of_many_visitors_the_first_who_do_not_listen_are_forgotten(links: Links) -> None:
    _, secret = await links.make()
    listening, idle = await links.token(secret), await links.token(secret)
    assert (await links.by(listening, "PUT", "/devices/tab")).status_code == 200
    for _ in range(MAX_VISITORS):
        last = await links.token(secret)
    for token, status in ((listening, 200), (idle, 401), (last, 200)):
        assert (await links.by(token, "GET", "/me")).status_code == status


async def test_who_is_in_a_call_is_not_forgotten_and_goes_with_the_link(links: Links) -> None:
    link_id, secret = await links.make()
    clock = links.exchange.clock
    async with in_call(links, await links.token(secret)) as (tab, his, ana, _hers):
        await tab.unplug()
        await until(lambda: clock.pending == 2)
        clock.turn(16)  # the exchange has forgotten his device; he is in the session still
        await until(lambda: clock.pending == 1)
        for _ in range(MAX_VISITORS):
            await links.token(secret)
        assert (await links.ask("ana", "DELETE", f"/links/{link_id}")).status_code == 204
        assert (await his.next(RemovedFromSession)).reason is EndReason.REMOVED
        assert (await ana.news("ended")).status == "ended"
