"""Who looks after people and groups, and who may not. Over real HTTP."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from device.exchange.client import ExchangeAccount
from device.exchange.server.config import ExchangeConfig
from device.exchange.wire import API
from device.session.values import MediaState
from tests.exchange.admins import make_admin, refused, request, thrown_out
from tests.exchange.conftest import PASSWORD, RunningExchange, Wall, accounts_at, running
from tests.exchange.members import enter, signed_in
from tests.exchange.phones import Phone, phone

Accounts = dict[str, ExchangeAccount]

ROUTES: list[tuple[str, str, Any, int]] = [
    ("GET", "/people", None, 200),
    ("PUT", "/people/ben", {"name": "Ben B."}, 200),
    ("PUT", "/people/new", {"name": "New", "password": PASSWORD}, 200),
    ("POST", "/people/eve/revoke", None, 204),
    ("DELETE", "/people/eve", None, 204),
    ("GET", "/groups", None, 200),
    ("PUT", "/groups/family", {"name": "Family", "members": ["ana", "ben", "ana"]}, 200),
    ("DELETE", "/groups/family", None, 204),
]


async def sign_in(exchange: RunningExchange, uid: str, password: str) -> httpx.Response:
    body = {"uid": uid, "password": password}
    return await request(exchange, None, "POST", "/sign-in", body)


async def test_only_an_admin_looks_after_people_and_groups(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    await make_admin(exchange, "fay")
    for method, path, body, good in ROUTES:
        nobody = await request(exchange, None, method, path, body)
        assert refused(nobody) == (401, "auth_token_empty"), (method, path)
        forged = await request(exchange, None, method, path, body, bearer="forged")
        assert refused(forged) == (401, "auth_token_refused"), (method, path)
        member = await request(exchange, accounts["ana"], method, path, body)
        assert refused(member) == (403, "not_permitted"), (method, path)
        admin = await request(exchange, accounts["fay"], method, path, body)
        assert admin.status_code == good, (method, path, admin.text)


async def test_everybody_may_change_their_own_password_only_signed_in(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    body = {"old": PASSWORD, "new": "another password"}
    nobody = await request(exchange, None, "PUT", "/me/password", body)
    assert refused(nobody) == (401, "auth_token_empty")
    for uid in ("ana", "fay"):
        await make_admin(exchange, "fay")
        mine = await request(exchange, accounts[uid], "PUT", "/me/password", body)
        assert mine.status_code == 204
        assert (await sign_in(exchange, uid, "another password")).status_code == 200


async def test_every_refusal_of_these_routes_is_documented(exchange: RunningExchange) -> None:
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
    for path in ("/people/{uid}", "/people/{uid}/revoke", "/groups/{group_id}"):
        for operation in paths[API + path].values():
            assert {"401", "403", "404", "409", "413", "422"} <= set(operation["responses"])
    for path, method in (("/sign-in", "post"), ("/me/password", "put")):
        waiting = paths[API + path][method]["responses"]["429"]
        assert "Retry-After" in waiting["headers"]


async def test_a_person_is_added_changed_and_removed(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    await make_admin(exchange, "fay")
    fay = accounts["fay"]
    path = "/people/new"
    nothing_to_keep = await request(exchange, fay, "PUT", path, {"name": "New"})
    assert refused(nothing_to_keep) == (404, "user_unknown")
    body = {"name": "New", "password": PASSWORD, "avatar": "/web/new.png"}
    made = await request(exchange, fay, "PUT", path, body)
    user = {"uid": "new", "name": "New", "avatar": "/web/new.png", "kind": "person"}
    assert made.json() == {"user": user, "role": "member", "is_locked": False}
    token = (await sign_in(exchange, "new", PASSWORD)).json()["auth_token"]
    await request(exchange, fay, "PUT", path, {"name": "Newer", "role": "admin"})
    me = await request(exchange, None, "GET", "/me", bearer=token)
    assert (me.json()["user"]["name"], me.json()["role"]) == ("Newer", "admin"), "still signed in"
    all_of_them = (await request(exchange, fay, "GET", "/people")).json()["people"]
    roles = {each["user"]["uid"]: (each["user"]["kind"], each["role"]) for each in all_of_them}
    assert roles["new"] == ("person", "admin")
    assert roles["door"] == ("unit", "member")
    assert (await request(exchange, fay, "DELETE", path)).status_code == 204
    assert refused(await request(exchange, fay, "DELETE", path)) == (404, "user_unknown")
    assert refused(await request(exchange, fay, "POST", path + "/revoke"))[1] == "user_unknown"
    assert (await sign_in(exchange, "new", PASSWORD)).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/people/new", {"name": "New", "password": "short"}),
        ("/people/new", {"name": "New", "password": "x" * 1025}),
        ("/people/new", {"name": " ", "password": PASSWORD}),
        ("/people/new", {"name": "", "password": PASSWORD}),
        ("/people/new", {"name": "x" * 257, "password": PASSWORD}),
        ("/people/new", {"name": "New", "password": PASSWORD, "role": "owner"}),
        ("/people/new", {"name": "New", "password": PASSWORD, "avatar": "an avatar"}),
        ("/people/new%07", {"name": "New", "password": PASSWORD}),
        ("/people/" + "x" * 129, {"name": "New", "password": PASSWORD}),
        ("/groups/%20g", {"name": "G", "members": []}),
        ("/groups/g", {"name": "G\n", "members": []}),
        ("/groups/g", {"name": "G", "members": ["ana"] * 257}),
        ("/groups/g", {"name": "G", "members": [""]}),
        ("/me/password", {"old": PASSWORD, "new": "short"}),
        ("/me/password", {"old": "x" * 1025, "new": PASSWORD}),
    ],
)
async def test_what_cannot_be_is_refused_and_not_repeated(
    exchange: RunningExchange, accounts: Accounts, path: str, body: dict[str, Any]
) -> None:
    await make_admin(exchange, "fay")
    answer = await request(exchange, accounts["fay"], "PUT", path, body)
    assert refused(answer) == (422, "body_invalid")
    assert PASSWORD not in answer.text
    people = (await request(exchange, accounts["fay"], "GET", "/people")).json()["people"]
    groups = (await request(exchange, accounts["fay"], "GET", "/groups")).json()["groups"]
    assert (len(people), groups) == (5, [])


async def test_there_is_always_an_admin(exchange: RunningExchange, accounts: Accounts) -> None:
    await make_admin(exchange, "fay")
    fay = accounts["fay"]
    alone = await request(exchange, fay, "DELETE", "/people/fay")
    assert refused(alone) == (409, "last_admin")
    alone = await request(exchange, fay, "PUT", "/people/fay", {"name": "Fay", "role": "member"})
    assert refused(alone) == (409, "last_admin")
    assert (await request(exchange, fay, "GET", "/me")).json()["role"] == "admin", "nothing changed"
    await make_admin(exchange, "ana")
    assert (await request(exchange, fay, "DELETE", "/people/fay")).status_code == 204


async def test_a_group_has_users_only_and_is_rung(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    await make_admin(exchange, "fay")
    fay = accounts["fay"]
    strange = {"name": "Family", "members": ["ana", "nobody"]}
    answer = await request(exchange, fay, "PUT", "/groups/family", strange)
    assert refused(answer) == (404, "user_unknown")
    good = {"name": "Family", "members": ["ben", "ana"]}
    made = await request(exchange, fay, "PUT", "/groups/family", good)
    item = {"group_id": "family", "name": "Family", "members": ["ana", "ben"]}
    assert made.json() == item
    assert (await request(exchange, fay, "GET", "/groups")).json() == {"groups": [item]}
    async with phone(accounts["door"]) as door, phone(accounts["ana"]) as ana:
        call = await door.line.initiate("family", "group")
        assert call.receiver_name == "Family"
        await ana.news("incoming")
    assert (await request(exchange, fay, "DELETE", "/groups/family")).status_code == 204
    assert refused(await request(exchange, fay, "DELETE", "/groups/family"))[1] == "group_unknown"


async def test_who_only_listens_is_signed_out_too_when_it_is_time(tmp_path: Path) -> None:
    wall = Wall()
    config = ExchangeConfig(tmp_path, port=0, tls=False, wall_s=wall, keepalive_s=0.05)
    async with running(config, wall) as exchange, accounts_at(exchange) as accounts:
        async with phone(accounts["ana"]) as ana:
            wall.now_s += config.auth_lifetime_s
            assert (await thrown_out(ana)).reason.code == "auth_token_refused"
        # A unit signs in again then; see device.phone.
        again = accounts["ana"].new_line("one", await accounts["ana"].sign_in())
        assert (await again.register()).ringing == []


async def test_an_own_new_password_signs_out_all_others(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    mine = await signed_in(accounts["ana"])
    other = (await sign_in(exchange, "ana", PASSWORD)).json()["auth_token"]
    body = {"old": "wrong password", "new": "another password"}
    wrong = await request(exchange, None, "PUT", "/me/password", body, bearer=mine)
    assert refused(wrong) == (403, "password_wrong")
    unused = await accounts["ana"].generate_token("hall", mine)
    in_hall = await enter(accounts["ana"], "hall")
    async with phone(accounts["ana"]) as ana, phone(accounts["ben"]) as ben:
        stolen = Phone(accounts["ana"].new_line("stolen", other))
        await stolen.plug_in()
        body = {"old": PASSWORD, "new": "another password"}
        done = await request(exchange, None, "PUT", "/me/password", body, bearer=mine)
        assert done.status_code == 204
        await thrown_out(stolen)
        assert refused(await request(exchange, None, "GET", "/me", bearer=other))[0] == 401
        assert (await request(exchange, None, "GET", "/me", bearer=mine)).status_code == 200
        join = {"token": unused.token}
        late = await request(exchange, None, "POST", "/join", join)
        assert refused(late) == (401, "token_revoked")
        await ben.line.initiate("ana")
        await ana.next_news("incoming")
    await in_hall.call.publish_state(MediaState(audio_muted=True))
    await in_hall.call.leave()
