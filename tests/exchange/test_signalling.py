"""What is refused within a session, and that the others' session goes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from device.exchange.client import ExchangeAccount
from device.exchange.wire import API, MAX_BODY_BYTES
from device.session.facts import SignalReceived
from device.session.values import Signal, SignalKind
from tests.exchange.conftest import Shared
from tests.exchange.members import Member, enter, signed_in

SDP = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n"
GOOD = {"to": "door", "link": "l", "kind": "offer", "body": SDP}
CANDIDATE = "candidate:1 1 udp 1 1.2.3.4 5 typ host"
MALFORMED: list[tuple[dict[str, Any], int, str]] = [
    ({"body": ""}, 422, "signal_malformed"),
    ({"body": "hello"}, 422, "signal_malformed"),
    ({"body": "v=0\r\ns=-\r\n"}, 422, "signal_malformed"),
    ({"body": SDP + "\0\r\n"}, 422, "signal_malformed"),
    ({"body": SDP + "evil line\r\n"}, 422, "signal_malformed"),
    ({"kind": "candidate", "body": "candidate:x"}, 422, "signal_malformed"),
    ({"kind": "candidate", "body": CANDIDATE + "\r\na=x"}, 422, "signal_malformed"),
    ({"kind": "restart", "body": "now"}, 422, "signal_malformed"),
    ({"kind": "hangup"}, 422, "body_invalid"),
    ({"body": 7}, 422, "body_invalid"),
    ({"body": "x" * 70_000}, 422, "body_invalid"),
    ({"link": ""}, 422, "body_invalid"),
    ({"body": "x" * MAX_BODY_BYTES}, 413, "body_too_large"),
    ({"to": "nobody"}, 404, "peer_not_in_session"),
    ({"to": "eve"}, 404, "peer_not_in_session"),
]  # fmt: skip


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(shared: Shared) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared.exchange.url + API, trust_env=False) as client:
        yield client


@pytest.fixture
def accounts(shared: Shared) -> dict[str, ExchangeAccount]:
    return shared.accounts


async def session_goes_on(sender: Member, receiver: Member) -> None:
    await sender.call.send_signal(Signal("door", "l", SignalKind.OFFER, SDP))
    assert (await receiver.next(SignalReceived)).signal.body == SDP


@pytest.mark.parametrize(("changes", "status", "code"), MALFORMED)
async def test_a_malformed_signal_is_refused(
    accounts: dict[str, ExchangeAccount],
    http: httpx.AsyncClient,
    changes: dict[str, Any],
    status: int,
    code: str,
) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    elsewhere = await enter(accounts["eve"], "elsewhere")
    headers = {"Authorization": f"Bearer {ana.call._secret}"}
    answer = await http.post("/session/signals", json=GOOD | changes, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    await session_goes_on(ana, door)
    for member in (door, ana, elsewhere):
        await member.call.leave()


async def test_a_chunked_body_is_bounded_as_well(
    accounts: dict[str, ExchangeAccount], http: httpx.AsyncClient
) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY_BYTES // 1024 + 8):
            yield b"x" * 1024

    headers = {"Authorization": f"Bearer {ana.call._secret}"}
    answer = await http.post("/session/signals", content=endless(), headers=headers)
    assert answer.json()["code"] == "body_too_large"
    await session_goes_on(ana, door)
    for member in (door, ana):
        await member.call.leave()


OUTSIDE = [
    ("GET", "/session/events", None),
    ("POST", "/session/signals", GOOD),
    ("PUT", "/session/state", {"audio_muted": True, "video_paused": True}),
    ("POST", "/session/video", {"action": "request"}),
]


@pytest.mark.parametrize(("method", "path", "body"), OUTSIDE)
@pytest.mark.parametrize("secret", ["", "guess", "auth token"])
async def test_who_is_not_in_a_session_can_do_nothing_in_it(
    accounts: dict[str, ExchangeAccount],
    http: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any,
    secret: str,
) -> None:
    door = await enter(accounts["door"])
    if secret == "auth token":
        secret = await signed_in(accounts["eve"])
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    answer = await http.request(method, path, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_in_session")
    await door.call.leave()


async def test_a_body_that_is_not_json(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        http.post("/join", content=b"{"), http.post("/join", content=b"[]"), http.post("/join")
    )
    assert {answer.json()["code"] for answer in answers} == {"body_invalid"}
