"""The exchange as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles

import device.exchange.web
from device.exchange.server import (
    accounts,
    calls,
    directories,
    docs_page,
    enrolling,
    people,
    sessions,
    visiting,
)
from device.exchange.server.clock import Clock, LoopClock
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.middleware import BodyLimit, Defects, SafeHeaders
from device.exchange.server.parts import Parts, make_parts
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import Store
from device.exchange.wire import API, Health

WEB = Path(device.exchange.web.__path__[0])


async def create_app(config: ExchangeConfig, store: Store, clock: Clock | None = None) -> FastAPI:
    """The application, made in the event loop that will serve it; ``store`` stays its maker's to
    close, after the application's end. Members whom the store has get their time to come back.

    Raises sqlite3.Error when the store cannot be read.
    """
    parts: Parts = await make_parts(config, store, clock or LoopClock())
    await parts.open()

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.aclose()

    app = FastAPI(
        title="callbox exchange",
        description="The call service of callbox: tokens, ringing, sessions, signalling.",
        version=version("callbox"),
        lifespan=life,
        docs_url=None,
        redoc_url=None,
    )
    app.state.parts = parts
    for middleware in (BodyLimit, Defects, SafeHeaders):  # the last one is the outermost
        app.add_middleware(middleware)
    _add_refusals(app)
    app.include_router(accounts.router, prefix=API)
    app.include_router(people.router, prefix=API)
    app.include_router(sessions.router, prefix=API)
    app.include_router(calls.router, prefix=API)
    app.include_router(directories.router, prefix=API)
    app.include_router(enrolling.router, prefix=API)
    app.include_router(visiting.router, prefix=API)
    _add_pages(app)
    return app


def _add_pages(app: FastAPI) -> None:
    @app.get(f"{API}/health", tags=["health"])
    async def health() -> Health:
        """Answers while the exchange works."""
        return Health("ok", version("callbox"))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page.render(app.openapi()))

    @app.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})

    # From the root, so that it may serve every page.
    @app.get("/sw.js", include_in_schema=False)
    async def service_worker() -> FileResponse:
        return FileResponse(WEB / "sw.js", headers={"Cache-Control": "no-cache"})

    app.mount("/web", StaticFiles(directory=WEB), name="web")


def _add_refusals(app: FastAPI) -> None:
    """Every refusal is a Problem, and none repeats what was sent: it may hold a secret."""

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        return _answer(refusal)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        where = [".".join(str(part) for part in each["loc"][1:]) for each in error.errors()]
        fields = ", ".join(sorted({name for name in where if name})) or "the body"
        return _answer(Refusal("body_invalid", f"Missing or not as it should be: {fields}."))

    @app.exception_handler(HTTPException)
    async def missing(_: Request, error: HTTPException) -> JSONResponse:
        code = "method_not_allowed" if error.status_code == 405 else "not_found"
        code = "body_invalid" if error.status_code == 400 else code
        return _answer(Refusal(code, "There is nothing like that here; see /docs."))


def _answer(refusal: Refusal) -> JSONResponse:
    wait_s = refusal.retry_after_s
    headers = None if wait_s is None else {"Retry-After": str(wait_s)}
    return JSONResponse(asdict(refusal.problem), refusal.status, headers)
