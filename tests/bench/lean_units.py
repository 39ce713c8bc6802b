"""Thousands of units at one exchange, as cheap as can be: a socket each, and just enough HTTP.

What a unit's own client does (device.exchange.client.line): register, listen, come back from where it
was when the line breaks. A press on the button opens a connection, as after a quiet hour.
"""

import asyncio
import json
import random
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.exchange.wire import API

EVENT = re.compile(rb"id: (\d+)\nevent: (\w+)\ndata: ([^\n]*)\n\n")
SESSION = re.compile(rb'"session_id": ?"([^"]+)"')
ANSWER_WITHIN_S = 30.0
RETRY_S = 0.2


@dataclass(frozen=True)
class Heard:
    """News of a call, at a time of time.monotonic."""

    uid: str
    number: int
    name: str
    call: str
    at_s: float


OnHeard = Callable[[Heard], None]


@dataclass(frozen=True)
class Where:
    """``trust``: None for plain HTTP."""

    host: str
    port: int
    trust: ssl.SSLContext | None

    @classmethod
    def of(cls, port: int, certificate: Path | None) -> "Where":
        trust = None
        if certificate is not None:
            trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trust.check_hostname = False
            trust.load_verify_locations(certificate)
        return cls("127.0.0.1", port, trust)


class Talk:
    """A connection for requests, one after another; opened by the first, closed by ``close``."""

    def __init__(self, where: Where, token: str) -> None:
        self._where = where
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body. Raises OSError, EOFError, TimeoutError when the line breaks."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            if self._streams is None:
                where = self._where
                self._streams = await asyncio.open_connection(
                    where.host, where.port, ssl=where.trust
                )
            reader, writer = self._streams
            content = b"" if body is None else json.dumps(body).encode()
            writer.write(request(method, path, self._token, content))
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            answer = await reader.readexactly(int(length[1])) if length else b""
        return int(head[9:12]), json.loads(answer) if answer else None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def request(method: str, path: str, token: str, content: bytes = b"", more: str = "") -> bytes:
    head = (
        f"{method} {API}{path} HTTP/1.1\r\nHost: exchange\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n{more}\r\n"
    )
    return head.encode() + content


class _Stream(asyncio.Protocol):
    """A unit's event stream. ``opened``: its status; ``closed``: the end of it."""

    def __init__(self, unit: "Unit", ask: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[int] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._unit = unit
        self._ask = ask
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._ask)

    def data_received(self, data: bytes) -> None:
        at_s = time.monotonic()
        self._buffer += data
        if not self.opened.done():
            if b"\r\n\r\n" not in self._buffer:
                return
            self.opened.set_result(int(self._buffer[9:12]))
        rest = 0
        for found in EVENT.finditer(self._buffer):
            rest = found.end()
            self._unit.take(int(found[1]), found[2].decode(), found[3], at_s)
        # Whatever is before the last line but one is no part of an event that is still to come.
        self._buffer = self._buffer[max(rest, self._buffer.rfind(b"\nid: ")) :][-65536:]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_result(0)
        if not self.closed.done():
            self.closed.set_result(None)


class Unit:
    """Listens until it is cancelled; tells what it hears."""

    def __init__(self, where: Where, uid: str, token: str, on_heard: OnHeard) -> None:
        self.uid = uid
        self._where = where
        self._token = token
        self._on_heard = on_heard
        self._after: int | None = None
        self.is_up = asyncio.Event()

    def talk(self) -> Talk:
        return Talk(self._where, self._token)

    async def listen(self) -> None:
        while True:
            try:
                if self._after is None:
                    await self._register()
                await self._stream()
            except (OSError, EOFError):  # TimeoutError is an OSError
                pass
            self.is_up.clear()
            await asyncio.sleep(RETRY_S * random.uniform(0.5, 1.5))

    async def _register(self) -> None:
        talk = self.talk()
        try:
            status, registered = await talk.ask("PUT", "/devices/one")
        finally:
            talk.close()
        if status != 200:
            raise OSError(f"registering was answered {status}")
        self._after = registered["after"]

    async def _stream(self) -> None:
        ask = request(
            "GET", "/devices/one/events", self._token, more=f"Last-Event-ID: {self._after}\r\n"
        )
        where = self._where
        transport, stream = await asyncio.get_running_loop().create_connection(
            lambda: _Stream(self, ask), where.host, where.port, ssl=where.trust
        )
        try:
            status = await stream.opened
            if status == 404:
                self._after = None
            elif status == 200:
                self.is_up.set()
                await stream.closed
        finally:
            transport.close()

    def take(self, number: int, name: str, data: bytes, at_s: float) -> None:
        call = SESSION.search(data)
        self._after = number
        self._on_heard(Heard(self.uid, number, name, call[1].decode() if call else "", at_s))
