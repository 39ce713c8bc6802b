"""Runs an exchange in the event loop of its caller."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from device.errors import ConfigError
from device.exchange.server import certificate
from device.exchange.server.app import create_app
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.store import Store

OnReady = Callable[[str, str | None], None]
"""Told once it listens: its address (URL), and its certificate's fingerprint if it has one."""


async def serve(config: ExchangeConfig, on_ready: OnReady, store: Store | None = None) -> None:
    """Serve until cancelled. Signals stay the caller's.

    Raises ConfigError when the port is taken or the data folder cannot be used.
    """
    own = store or Store(config.data_dir)
    try:
        await _serve(config, on_ready, own)
    finally:
        if store is None:
            own.close()


async def _serve(config: ExchangeConfig, on_ready: OnReady, own: Store) -> None:
    listening = _listen(config)
    try:
        app = create_app(config, own)
        server = _Server(_uvicorn_config(config, app), app)
        ready = asyncio.create_task(_announce(server, config, listening, on_ready))
        try:
            await _until_cancelled(server, listening)
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
    finally:
        listening.close()


def _uvicorn_config(config: ExchangeConfig, app: FastAPI) -> uvicorn.Config:
    tls: dict[str, str] = {}
    if config.tls:
        public, key = certificate.ensure(config.data_dir)
        tls = {"ssl_certfile": str(public), "ssl_keyfile": str(key)}
    return uvicorn.Config(
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


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals alone, says when it is up, and ends event streams when it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self.is_up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        parts = getattr(self._app.state, "parts", None)
        if parts is not None:
            parts.rooms.close()
        await super().shutdown(sockets)


async def _until_cancelled(server: _Server, listening: socket.socket) -> None:
    serving = asyncio.create_task(server.serve([listening]), name="exchange")
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


async def _announce(
    server: _Server, config: ExchangeConfig, listening: socket.socket, on_ready: OnReady
) -> None:
    await server.is_up.wait()
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if config.tls else "http"
    mark = certificate.fingerprint(config.data_dir / "exchange.pem") if config.tls else None
    on_ready(f"{scheme}://{shown}:{port}", mark)


def _listen(config: ExchangeConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((config.host, config.port))
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"The exchange cannot listen on {config.host} port {config.port}: {error.strerror}. "
            "Is another one running? Choose another port with --port."
        ) from error
    return listening
