"""The pages, their headers, and the description of the API."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from device.exchange.wire import API
from tests.exchange.conftest import RunningExchange


@pytest.fixture
async def http(exchange: RunningExchange) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=exchange.url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/docs", "/web/app.js", "/nothing", API + "/me"])
async def test_every_answer_protects_a_browser(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/sw.js", "/web/app.js", "/web/manifest.json"])
async def test_a_file_of_the_page_is_never_an_old_one(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


async def test_no_part_of_an_answer_waits_for_the_clients_acknowledgement(
    exchange: RunningExchange,
) -> None:
    """Nagle's algorithm and a delayed acknowledgement together would take 40 ms."""
    port = int(exchange.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: exchange\r\n\r\n")
    await reader.readline()
    own = writer.get_extra_info("sockname")
    open_ones = [
        each for each in gc.get_objects() if type(each) is socket.socket and each.fileno() > 0
    ]
    [accepted] = [each for each in open_ones if is_to(each, own)]
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    await writer.wait_closed()


def is_to(connection: socket.socket, address: object) -> bool:
    try:
        return bool(connection.getpeername() == address)
    except OSError:
        return False


async def test_every_route_documents_its_refusals(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            refusals = [status for status in operation["responses"] if status.startswith("4")]
            assert refusals or path.endswith("/health"), path
            for status in refusals:
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (path, status)


async def test_the_documentation_names_every_route(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    for path in (await http.get("/openapi.json")).json()["paths"]:
        assert path in page


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/web/../server/store.py", 404, "not_found"),
        ("DELETE", API + "/me", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_a_problem(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_health(http: httpx.AsyncClient) -> None:
    assert (await http.get(API + "/health")).json()["status"] == "ok"
