"""Runs an exchange in the event loop of its caller."""

import asyncio
import asyncio.sslproto
import errno
import ipaddress
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import uvicorn
from fastapi import FastAPI

from device.errors import ConfigError
from device.exchange.server import certificate
from device.exchange.server.app import create_app
from device.exchange.server.clock import Clock
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.store import SqliteStore, Store
from device.exchange.wire import netloc

TLS_BUFFER_BYTES = 32 * 1024
"""What a connection reads into. asyncio's own are 256 KiB each, of a unit that is heard once an hour."""

OnReady = Callable[[str, str | None], None]
"""Told once it listens: its address (URL), and its certificate's fingerprint if it has one."""


class PortTaken(ConfigError):
    """Another program listens there."""


async def serve(
    config: ExchangeConfig,
    on_ready: OnReady,
    store: Store | None = None,
    clock: Clock | None = None,
) -> None:
    """Serve until cancelled. Signals stay the caller's; so does ``store``, where given.

    Raises ConfigError when the port is taken or the data folder cannot be used, and whatever
    ``on_ready`` raises.
    """
    own = store or SqliteStore(config.data_dir)
    try:
        await _serve(config, on_ready, own, clock)
    finally:
        if store is None:
            await own.aclose()


async def _serve(
    config: ExchangeConfig, on_ready: OnReady, store: Store, clock: Clock | None
) -> None:
    with closing(_listen(config)) as listening:
        url, mark = _address(config, listening)
        try:
            app = await create_app(config, store, clock)
        except sqlite3.Error as error:
            raise ConfigError(
                f"The exchange cannot read its data in {config.data_dir}: {error}. "
                "Restore it from a copy, or choose another folder with --data."
            ) from error
        server = _Server(_uvicorn_config(config, app), app, lambda: on_ready(url, mark))
        serving = asyncio.create_task(server.serve([listening]), name="exchange")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _uvicorn_config(config: ExchangeConfig, app: FastAPI) -> uvicorn.Config:
    tls: dict[str, str] = {}
    if config.tls:
        asyncio.sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
        public, key = certificate.ensure(config.data_dir)
        tls = {"ssl_certfile": str(public), "ssl_keyfile": str(key)}
    made = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=1,
        **tls,  # type: ignore[arg-type]
    )
    made.load()
    return made


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals alone, says when it is up, and ends event streams when it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, on_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._on_up = on_up
        self._trouble: Exception | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await super().serve(sockets)
        if self._trouble is not None:
            raise self._trouble

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        try:
            self._on_up()
        except Exception as trouble:  # after an orderly stop it is raised
            self._trouble = trouble
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.parts.stop_listening()
        await super().shutdown(sockets)


def _address(config: ExchangeConfig, listening: socket.socket) -> tuple[str, str | None]:
    """The URL with the port that was bound, and the certificate's fingerprint."""
    mark = None
    if config.tls:
        public, _ = certificate.ensure(config.data_dir)
        mark = certificate.fingerprint(public)
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = certificate.own_address()
    return f"{'https' if config.tls else 'http'}://{netloc(host, port)}", mark


def _listen(config: ExchangeConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # By the protocol's name: to a socket without one asyncio gives no TCP_NODELAY, and the second part
    # of an answer would wait for the client's delayed acknowledgement of the first, 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Connections inherit it. Without it a member whose power was cut counts as listening
            # for the quarter of an hour that TCP goes on trying (tcp(7), tcp_retries2).
            unheard_ms = int(2000 * config.keepalive_s)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unheard_ms)
        listening.bind((config.host, config.port))
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        kind = PortTaken if error.errno == errno.EADDRINUSE else ConfigError
        raise kind(
            f"The exchange cannot listen on {config.host} port {config.port}: {error.strerror}. "
            "Is another one running? Choose another port with --port."
        ) from error
    return listening
