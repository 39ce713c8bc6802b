"""The metrics: what Prometheus's text format demands, over the socket and over HTTP."""

import asyncio
import re
import socket
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from device.control.metrics import CONTENT_TYPE, metrics_text
from device.control.readings import BoardReading, ProcessReading, UnitReading
from device.control.scrape import MOST_CONNECTIONS, MetricsServer, address_of
from device.errors import ConfigError, ControlError
from tests.control.conftest import Served, config_for, serving
from tests.exchange.conftest import RunningExchange

SAMPLE = re.compile(r'callbox_[a-z_0-9]+(\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.e+-]+')


def reading(version: str = "1.0") -> UnitReading:
    board = BoardReading("board", None, None, None, None)
    process = ProcessReading(1, 2.0, 3.0, 4)
    return UnitReading(version, "hall", "", "", None, None, board, process)


def check(text: str) -> set[str]:
    """The names of the metrics in a text that is well formed: help and type once, before samples."""
    names: list[str] = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            names.append(line.split()[2])
        elif line.startswith("# TYPE "):
            assert line.split()[2:] in ([names[-1], "gauge"], [names[-1], "counter"])
        else:
            assert SAMPLE.fullmatch(line), line
            assert re.split(r"[{ ]", line)[0] == names[-1]
    assert len(names) == len(set(names))
    return set(names)


@given(st.text())
def test_any_label_is_escaped(version: str) -> None:
    text = metrics_text(reading(version.replace("\r", "").replace("\x0b", "")))
    assert text.count("\n# ") >= 5
    assert "callbox_board_temperature_celsius" not in text, "not known: left out"


def test_what_is_not_known_is_left_out() -> None:
    assert "callbox_board_temperature_celsius" not in check(metrics_text(reading()))


async def test_the_command_prints_them(door: Served, ana: Served) -> None:
    printed = await door.callbox("metrics")
    names = check(printed.stdout)
    assert {"callbox_in_call", "callbox_stage_seconds", "callbox_sent_bits_per_second"} <= names
    assert {"callbox_sound_underruns_total", "callbox_sound_overruns_total"} <= names
    assert 'callbox_link_up{peer="ana"} 1' in printed.stdout
    assert re.search(r'callbox_sent_bytes_total\{peer="ana",kind="video"\} \d+', printed.stdout)


async def scraped(port: int, request: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return (await asyncio.wait_for(reader.read(), 10)).decode()
    finally:
        writer.close()


@pytest.fixture
async def server() -> MetricsServer:
    return MetricsServer("127.0.0.1:0", lambda: metrics_text(reading()))


async def test_prometheus_gets_them_over_http(server: MetricsServer) -> None:
    await server.open()
    try:
        answer = await scraped(server.port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = answer.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 200 OK")
        assert f"Content-Type: {CONTENT_TYPE}" in head
        assert f"Content-Length: {len(body.encode())}" in head
        assert "callbox_uptime_seconds" in check(body)
        assert "404" in await scraped(server.port, b"GET / HTTP/1.1\r\n\r\n")
        assert "405" in await scraped(server.port, b"POST /metrics HTTP/1.1\r\n\r\n")
        assert await scraped(server.port, b"x" * 20_000) == ""
        assert "404" in await scraped(server.port, b"\r\n\r\n")
    finally:
        await server.aclose()


async def test_connections_are_limited(server: MetricsServer) -> None:
    await server.open()
    idle = [
        await asyncio.open_connection("127.0.0.1", server.port) for _ in range(MOST_CONNECTIONS)
    ]
    try:
        assert "503" in await scraped(server.port, b"GET /metrics HTTP/1.1\r\n\r\n")
        reader, writer = idle.pop()
        writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert b"200 OK" in await reader.read()
        writer.close()
        assert "200 OK" in await scraped(server.port, b"GET /metrics HTTP/1.1\r\n\r\n")
    finally:
        for _, writer in idle:
            writer.close()
        await server.aclose()


async def test_a_unit_serves_them_where_its_configuration_says(
    exchange: RunningExchange, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = config_for(exchange.url, "door", metrics={"listen": f"127.0.0.1:{port}"})
    async with serving(config, tmp_path / "door.sock") as door:
        await door.in_call()
        answer = await scraped(port, b"GET /metrics HTTP/1.1\r\n\r\n")
    assert "callbox_in_call 1" in answer


async def test_a_taken_port_says_so(server: MetricsServer) -> None:
    await server.open()
    second = MetricsServer(f"127.0.0.1:{server.port}", str)
    with pytest.raises(ControlError, match=r"\[metrics\] listen"):
        await second.open()
    await server.aclose()
    await server.aclose()


@pytest.mark.parametrize("listen", ["", "9100", "host:", ":9100", "host:port", "h:99999"])
def test_an_address_that_is_none_is_refused(listen: str) -> None:
    with pytest.raises(ConfigError, match="metrics"):
        address_of(listen)


def test_addresses() -> None:
    assert address_of("127.0.0.1:9100") == ("127.0.0.1", 9100)
    assert address_of("[::1]:9100") == ("::1", 9100)
