"""Requests that no client of ours sends: each is refused as a Problem, and nothing breaks."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from device.exchange.wire import API, CODES
from tests.exchange.conftest import Shared
from tests.exchange.members import signed_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

DIGITS = b"9" * 5000
"""More than Python reads as a number."""
ODD: list[tuple[str, str, bytes | None, dict[str, Any], str]] = [
    ("POST", "/calls", b"", {}, "body_invalid"),
    ("POST", "/calls", b"null", {}, "body_invalid"),
    ("POST", "/calls", b"[" * 100_000, {}, "body_invalid"),
    ("POST", "/calls", b'{"receiver": NaN, "device_id": Infinity}', {}, "body_invalid"),
    ("POST", "/calls", b'{"receiver": %b, "device_id": "one"}' % DIGITS, {}, "body_invalid"),
    ("POST", "/calls", b'{"receiver": "ben", "device_id": "\\ud800"}', {}, "body_invalid"),
    ("POST", "/calls", b'{"receiver": "\\udfff", "device_id": "one"}', {}, "body_invalid"),
    ("POST", "/calls", b'{"receiver": "\xff", "device_id": "one"}', {}, "body_invalid"),
    ("POST", "/calls", b'{"receiver": "\\u0000", "device_id": "\\u0000"}', {}, "device_unknown"),
    (
        "POST",
        "/calls",
        b'{"receiver": "%b", "device_id": "one"}' % (b"x" * 129),
        {},
        "body_invalid",
    ),
    ("POST", "/tokens", b'{"session_id": "\\udc00"}', {}, "body_invalid"),
    ("POST", "/tokens", b'{"session_id": "hall"}', {"content-type": "text/plain"}, "body_invalid"),
    ("POST", "/tokens", b'{"session_id": "hall"}', {"content-type": "\xff"}, "body_invalid"),
    ("POST", "/sign-in", b'{"uid": "\\ud800", "password": "\\ud800"}', {}, "body_invalid"),
    ("POST", "/sign-in", b'{"uid": "\\u0000", "password": "\\u0000"}', {}, "sign_in_refused"),
    ("POST", "/join", b'{"token": "\\ud800"}', {}, "token_malformed"),
    ("POST", "/join", b'{"token": "\\u0000.\\u0000.\\u0000"}', {}, "token_malformed"),
    ("PUT", f"/devices/{'x' * 65}", None, {}, "body_invalid"),
    ("GET", "/devices/%00/events", None, {}, "device_unknown"),
    ("GET", "/devices/%FF/events", None, {}, "device_unknown"),
    ("GET", "/devices/one/events", None, {"last-event-id": "-1"}, "body_invalid"),
    ("GET", "/devices/one/events", None, {"last-event-id": "9" * 30}, "body_invalid"),
    ("GET", "/devices/one/events", None, {"last-event-id": "9" * 5000}, "body_invalid"),
    ("GET", "/devices/one/events", None, {"last-event-id": "\xff"}, "body_invalid"),
    ("GET", "/calls/%ED%A0%80", None, {}, "call_not_found"),
    ("GET", f"/calls/{'x' * 129}", None, {}, "body_invalid"),
    ("GET", "/calls/..%2f..%2fetc", None, {}, "not_found"),
    ("GET", "/me", None, {"authorization": "Bearer"}, "auth_token_empty"),
    ("GET", "/me", None, {"authorization": "Bearer \xff"}, "auth_token_refused"),
    ("GET", "/me", None, {"authorization": "Basic eA=="}, "auth_token_empty"),
    ("GET", "/session/events", None, {"authorization": "\xff"}, "not_in_session"),
    ("GET", "/nowhere", None, {}, "not_found"),
    ("PATCH", "/me", None, {}, "method_not_allowed"),
    ("OPTIONS", "/calls", None, {}, "method_not_allowed"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(shared: Shared) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {await signed_in(shared.accounts['ana'])}"}
    async with httpx.AsyncClient(
        base_url=shared.exchange.url, trust_env=False, verify=False, headers=headers
    ) as client:
        yield client


@pytest.mark.parametrize(("method", "path", "body", "headers", "code"), ODD)
async def test_an_odd_request_is_refused(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    code: str,
) -> None:
    url = http.base_url.copy_with(raw_path=f"{API}{path}".encode())
    sent = {"content-type": "application/json"} if body is not None else {}
    raw = {name: value.encode("latin-1") for name, value in (sent | headers).items()}
    answer = await http.request(method, url, content=body, headers=raw)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (CODES[code], code)
