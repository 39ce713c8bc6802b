"""Serves the metrics over HTTP to a Prometheus that comes for them: GET /metrics and nothing else."""

import asyncio
import logging
from collections.abc import Callable

from device.control.metrics import CONTENT_TYPE
from device.errors import ConfigError, ControlError

logger = logging.getLogger(__name__)

REQUEST_WITHIN_S = 5.0
MAX_REQUEST_BYTES = 8 * 1024
MOST_CONNECTIONS = 8
"""A Prometheus has one; whoever else can reach the port must not use up the unit's descriptors."""


class MetricsServer:
    """Answers one request a connection. ``metrics`` gives the text."""

    def __init__(self, listen: str, metrics: Callable[[], str]) -> None:
        """``listen`` is HOST:PORT. Raises ConfigError for what is none."""
        self._host, self._port = address_of(listen)
        self._metrics = metrics
        self._server: asyncio.Server | None = None
        self._scrapes: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The one it listens on; 0 before that."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def open(self) -> None:
        """Raises ControlError, saying why nothing can listen there."""
        try:
            self._server = await asyncio.start_server(
                self._connected, self._host, self._port, limit=MAX_REQUEST_BYTES
            )
        except OSError as error:
            raise ControlError(
                "metrics_listen",
                f"[metrics] listen: {self._host}:{self._port} cannot be had: {error.strerror}.",
            ) from error

    async def aclose(self) -> None:
        """Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for scrape in self._scrapes:
            scrape.cancel()
        await asyncio.gather(*self._scrapes, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._scrapes) >= MOST_CONNECTIONS:
            writer.write(_response("503 Service Unavailable", "text/plain", "Try again later.\n"))
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="scrape")
        self._scrapes.add(task)
        task.add_done_callback(self._scrapes.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer(head))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked so badly is not owed an answer
        except Exception:
            logger.exception("the metrics failed by a defect")
        finally:
            writer.close()

    def _answer(self, head: bytes) -> bytes:
        method, path, *_ = [*head.split(b"\r\n", 1)[0].split(b" "), b"", b""]
        if path.split(b"?")[0] != b"/metrics":
            return _response("404 Not Found", "text/plain", "The metrics are at /metrics.\n")
        if method != b"GET":
            return _response("405 Method Not Allowed", "text/plain", "Only GET.\n")
        return _response("200 OK", CONTENT_TYPE, self._metrics())


def address_of(listen: str) -> tuple[str, int]:
    """``127.0.0.1:9100``, ``[::1]:9100``. Raises ConfigError for what is none."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f'listen under [metrics] is "{listen}", and no "127.0.0.1:9100".')
    return host, int(port)


def _response(status: str, kind: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
