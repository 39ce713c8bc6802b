"""Section 1: call tokens, and everything that is not one. Posted to a real exchange."""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from device.errors import TokenRefused
from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import opened
from device.exchange.wire import API
from device.session.values import MediaState
from tests.exchange.conftest import RunningExchange, Shared
from tests.exchange.members import enter, signed_in

OTHER_KEY = b"another key of thirty-two bytes!!"


class Forger:
    """Has a good token of its own, and (for claims that only the exchange could sign) its key."""

    def __init__(self, token: str, key: bytes, now_s: float) -> None:
        self.token = token
        self.key = key
        self.now_s = int(now_s)
        self.claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})

    def signed(self, key: bytes | None = None, alg: str = "HS256", **changes: Any) -> str:
        claims = {k: v for k, v in (self.claims | changes).items() if v is not DROP}
        return jwt.encode(claims, key or self.key, alg)

    def unsigned(self) -> str:
        head = {"alg": "none", "typ": "JWT"}
        parts = [
            base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=")
            for p in (head, self.claims)
        ]
        return b".".join([*parts, b""]).decode()


DROP = object()
Forge = Callable[[Forger], str]
TABLE: list[tuple[str, Forge, str]] = [
    ("alg none", lambda f: f.unsigned(), "token_algorithm"),
    ("alg none, old signature", lambda f: f.unsigned() + f.token.split(".")[2], "token_algorithm"),
    ("another algorithm, right key", lambda f: f.signed(f.key * 2, alg="HS512"), "token_algorithm"),
    ("another key", lambda f: f.signed(OTHER_KEY), "token_signature"),
    ("another user, old signature", lambda f: ".".join(
        [f.token.split(".")[0], f.signed(OTHER_KEY, sub="ana").split(".")[1], f.token.split(".")[2]]
    ), "token_signature"),
    ("more grants, another key", lambda f: f.signed(OTHER_KEY, grants=["moderate"]), "token_signature"),
    ("expired", lambda f: f.signed(nbf=f.now_s - 1000, exp=f.now_s - 1), "token_expired"),
    ("expires now", lambda f: f.signed(exp=f.now_s), "token_expired"),
    ("not yet valid", lambda f: f.signed(nbf=f.now_s + 60), "token_not_yet_valid"),
    ("truncated", lambda f: f.token[: len(f.token) // 2], "token_malformed"),
    ("without its last characters", lambda f: f.token[:-2], "token_malformed"),
    ("empty", lambda f: "", "token_malformed"),
    ("no JWT at all", lambda f: "let me in", "token_malformed"),
    ("not ASCII", lambda f: "ключ.от.двери", "token_malformed"),
    ("oversized", lambda f: f.signed(more="x" * 10_000), "token_malformed"),
    ("hugely oversized", lambda f: f.token + "x" * 100_000, "token_malformed"),
    ("nested beyond reason", lambda f: jwt.PyJWS().encode(b"[" * 8000, f.key), "token_malformed"),
    ("a list of claims", lambda f: jwt.PyJWS().encode(b"[]", f.key), "token_malformed"),
    ("claims not JSON", lambda f: jwt.PyJWS().encode(b"sub=ana", f.key), "token_malformed"),
    ("name too long", lambda f: f.signed(name="x" * 257), "token_malformed"),
    ("expiry is text", lambda f: f.signed(exp="tomorrow"), "token_malformed"),
    ("expiry is true", lambda f: f.signed(exp=True), "token_malformed"),
    ("session is a number", lambda f: f.signed(sid=7), "token_malformed"),
    ("session is empty", lambda f: f.signed(sid=""), "token_malformed"),
    ("session too long", lambda f: f.signed(sid="x" * 129), "token_malformed"),
    ("grants are text", lambda f: f.signed(grants="record"), "token_malformed"),
    ("an unknown grant", lambda f: f.signed(grants=["root"]), "token_malformed"),
    ("no token id", lambda f: f.signed(jti=DROP), "token_malformed"),
    ("no user", lambda f: f.signed(sub=DROP), "token_malformed"),
    ("another issuer", lambda f: f.signed(iss="elsewhere"), "token_malformed"),
]  # fmt: skip


async def post_join(exchange: RunningExchange, **body: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False) as http:
        return await http.post(API + "/join", json=body)


async def forger(exchange: RunningExchange, account: ExchangeAccount) -> Forger:
    token = await account.generate_token("hall", await signed_in(account))
    async with opened(exchange.config.data_dir) as store:
        return Forger(token.token, await store.accounts.signing_key(), exchange.wall.now_s)


@pytest.mark.spec("1.refused")
@pytest.mark.parametrize(
    ("forge", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_forged_or_misused_token_is_refused(
    shared: Shared, caplog: pytest.LogCaptureFixture, forge: Forge, code: str
) -> None:
    token = forge(await forger(shared.exchange, shared.accounts["eve"]))
    with caplog.at_level(logging.DEBUG):
        answer = await post_join(shared.exchange, token=token)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    key_words = [part for part in token.split(".") if len(part) > 20]
    assert not any(part in caplog.text + answer.text for part in key_words)


@pytest.mark.spec("1.refused")
@pytest.mark.parametrize(
    ("claim", "value", "code"),
    [("session_id", "vault", "token_wrong_session"), ("uid", "ana", "token_wrong_user")],
)
async def test_nothing_in_a_body_is_believed_over_the_token(
    exchange: RunningExchange,
    accounts: dict[str, ExchangeAccount],
    claim: str,
    value: str,
    code: str,
) -> None:
    good = (await forger(exchange, accounts["eve"])).token
    answer = await post_join(exchange, token=good, **{claim: value})
    assert (answer.status_code, answer.json()["code"]) == (401, code)


@pytest.mark.spec("1.refused")
async def test_a_single_use_token_works_once(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    auth = await accounts["ana"].sign_in()
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False) as http:
        made = await http.post(
            API + "/tokens",
            json={"session_id": "hall", "single_use": True},
            headers={"Authorization": f"Bearer {auth}"},
        )
    token = made.json()["token"]
    assert (await post_join(exchange, token=token)).status_code == 200
    again = await post_join(exchange, token=token)
    assert (again.status_code, again.json()["code"]) == (401, "token_reused")


@pytest.mark.spec("1.generate_token")
async def test_the_checks_come_in_their_order(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    nowhere = ExchangeAccount(None)
    asked = [
        (nowhere, "", "", "session_id_empty"),
        (nowhere, "hall", "", "auth_token_empty"),
        (nowhere, "hall", "some", "exchange_not_configured"),
        (accounts["ana"], "hall", "forged", "auth_token_refused"),
    ]
    for account, session_id, auth_token, code in asked:
        with pytest.raises(TokenRefused) as caught:
            await account.generate_token(session_id, auth_token)
        assert caught.value.code == code


@pytest.mark.spec("1.generate_token", "1.content")
async def test_a_token_may_be_made_ahead_and_says_who_and_where(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    token = await accounts["ana"].generate_token("hall", await accounts["ana"].sign_in())
    claims = jwt.decode(token.token, options={"verify_signature": False})
    assert (claims["iss"], claims["sub"], claims["name"]) == ("callbox", "ana", "Ana")
    assert (claims["sid"], claims["exp"] - claims["nbf"]) == ("hall", 600)
    assert {"publish", "subscribe"} <= set(claims["grants"])
    assert {"avatar", "jti"} <= set(claims)
    assert token.token not in repr(token)


@pytest.mark.spec("1.lifetime")
async def test_an_expired_token_does_not_cut_who_has_joined(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    good = (await forger(exchange, accounts["eve"])).token
    ana = await enter(accounts["ana"])
    exchange.wall.now_s += 601
    refused = await post_join(exchange, token=good)
    assert refused.json()["code"] == "token_expired"
    await ana.call.publish_state(MediaState(audio_muted=True))
    await ana.call.leave()


@pytest.mark.spec("1.session_id")
async def test_any_name_up_to_128_characters_is_a_room(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    name = "Küche/2. Stock? #" + "x" * 111
    assert len(name) == 128
    ana, ben = await enter(accounts["ana"], name), await enter(accounts["ben"], name)
    assert [entry.participant.uid for entry in ben.joined.others] == ["ana"]
    with pytest.raises(Exception, match="session_id"):
        await accounts["ana"].generate_token(name + "x", await accounts["ana"].sign_in())
    for member in (ana, ben):
        await member.call.leave()
