"""Requests to the exchange, and what can go wrong with them."""

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any, TypeVar

import httpx
import msgspec

from device.errors import ExchangeError, ExchangeUnreachable, TokenRefused
from device.exchange import wire
from device.exchange.address import ExchangeAddress
from device.exchange.sse import EventParser, ServerEvent

REQUEST_TIMEOUT_S = 10.0
SILENCE_S = 3 * wire.KEEPALIVE_S
"""A stream without even a comment for so long is broken."""

BROKEN = (httpx.HTTPError, OSError)
"""What a broken line raises: a damaged TLS record comes as ssl.SSLError, which httpx lets through."""

Answer = TypeVar("Answer")


def client(address: ExchangeAddress) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address.url, verify=address.trust(), timeout=REQUEST_TIMEOUT_S, trust_env=False
    )


async def ask(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    body: Any,
    answer_type: type[Answer] | None,
    bearer: str = "",
) -> Answer:
    """One request. Raises TokenRefused (401), ExchangeError (another refusal), ExchangeUnreachable."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    content = None if body is None else asdict(body)
    try:
        answer = await http.request(method, wire.API + path, json=content, headers=headers)
    except BROKEN as error:
        raise unreachable(error) from error
    if not answer.is_success:
        raise refusal(answer)
    try:
        return msgspec.json.decode(answer.content or b"null", type=answer_type or None)
    except msgspec.MsgspecError as error:
        raise ExchangeError(
            "answer_malformed", f"The exchange gave an answer that is not callbox's: {error}"
        ) from error


def refusal(answer: httpx.Response) -> ExchangeError:
    try:
        problem = msgspec.json.decode(answer.content, type=wire.Problem)
    except msgspec.MsgspecError:
        return ExchangeError("answer_malformed", f"The exchange answered {answer.status_code}.")
    kind = TokenRefused if answer.status_code == httpx.codes.UNAUTHORIZED else ExchangeError
    return kind(problem.code, problem.message)


def unreachable(error: Exception) -> ExchangeUnreachable:
    reason = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return ExchangeUnreachable(
            "The exchange shows another certificate than the pinned one. If it was set up anew, "
            "enrol this unit again; if not, somebody may be in between."
        )
    return ExchangeUnreachable(f"The exchange cannot be reached ({reason}). Check url and network.")


async def events(
    http: httpx.AsyncClient, path: str, bearer: str, after: int, silence_s: float
) -> AsyncGenerator[ServerEvent | None, None]:
    """The events of one connection from after number ``after``, none of them twice; None first, once
    it stands.

    Raises ExchangeError.
    """
    headers = {"Authorization": f"Bearer {bearer}", "Last-Event-ID": str(after)}
    timeout = httpx.Timeout(REQUEST_TIMEOUT_S, read=silence_s)
    try:
        async with http.stream("GET", wire.API + path, headers=headers, timeout=timeout) as answer:
            if answer.status_code != httpx.codes.OK:
                await answer.aread()
                raise refusal(answer)
            yield None
            parser = EventParser()
            async for line in answer.aiter_lines():
                event = parser.feed(line)
                if event is None or _is_known(event, after):
                    continue
                after = after if event.number is None else event.number
                yield event
    except BROKEN as error:
        raise unreachable(error) from error


def _is_known(event: ServerEvent, after: int) -> bool:
    return event.number is not None and event.number <= after
