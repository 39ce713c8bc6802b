"""What every request and answer goes through: headers that protect a browser, an answer even to a
defect, a bound on bodies."""

import dataclasses
import json
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from device.exchange.server.refusal import Refusal
from device.exchange.wire import API, MAX_BODY_BYTES

logger = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

READ_AT_MOST_BYTES = 4 * MAX_BODY_BYTES
"""Most clients read a refusal only once they have sent everything; up to so much is thrown away."""

HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self), microphone=(self), display-capture=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class BodyLimit:
    """Refuses a body over MAX_BODY_BYTES before it is in memory, however it is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive)
        except _HungUpError:
            return
        if body is None:
            refusal = Refusal(
                "body_too_large", f"A body may have {MAX_BODY_BYTES // 1024} KiB at most."
            )
            await _refuse(send, refusal, (b"connection", b"close"))
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


class _HungUpError(Exception):
    """The client went before all of the body was there."""


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large. Raises _HungUpError."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _HungUpError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            parts.clear()
        if size > READ_AT_MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts) if size <= MAX_BODY_BYTES else None


async def _refuse(send: Send, refusal: Refusal, *more: tuple[bytes, bytes]) -> None:
    body = json.dumps(dataclasses.asdict(refusal.problem)).encode()
    headers = [(b"content-type", b"application/json"), *more]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Defects:
    """Answers what the application did not catch: logged here, and a Problem that tells nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            logger.error("defect in the exchange", exc_info=error)
            refusal = Refusal("internal_error", "The exchange failed; its log says how.")
            await _refuse(send, refusal)


class SafeHeaders:
    """Adds HEADERS to every answer, keeps those of the API out of caches, and has a browser ask
    whether a file of the page is still the same: two versions do not mix."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                more: tuple[tuple[bytes, bytes], ...] = HEADERS
                if scope["path"].startswith(API):
                    more = (*HEADERS, (b"cache-control", b"no-store"))
                elif scope["path"].startswith("/web/"):
                    more = (*HEADERS, (b"cache-control", b"no-cache"))
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
