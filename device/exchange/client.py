"""The unit's side of the exchange, on httpx: an account, and the calls made with it."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict
from typing import Any, TypeVar

import httpx
import msgspec

from device.errors import ExchangeError, ExchangeUnreachable, TokenRefused
from device.exchange import wire
from device.exchange.address import ExchangeAddress as ExchangeAddress
from device.exchange.sse import EventParser, ServerEvent
from device.exchange.translate import fact_of, joined_session, wire_state
from device.session.facts import ExchangeLost, ExchangeRestored, RemovedFromSession
from device.session.ports import JoinedSession, ReportExchange
from device.session.values import CallToken, EndReason, MediaState, Signal

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 10.0
LEAVE_WITHIN_S = 0.5
RETRY_FIRST_S = 0.2
RETRY_LONGEST_S = 5.0
SILENCE_S = 3 * wire.KEEPALIVE_S
"""A stream without even a comment for so long is broken."""

BROKEN = (httpx.HTTPError, OSError)
"""What a broken line raises: a damaged TLS record comes as ssl.SSLError, which httpx lets through."""

Answer = TypeVar("Answer")
Sleep = Callable[[float], Awaitable[None]]


class ExchangeAccount:
    """An account at an exchange: signs in, gets call tokens, makes calls' ports. ``aclose`` it."""

    def __init__(
        self,
        address: ExchangeAddress | None,
        sleep: Sleep = asyncio.sleep,
        silence_s: float = SILENCE_S,
    ) -> None:
        """None: no exchange is configured; every use says so.

        Raises ExchangeUnreachable when the pinned certificate cannot be read.
        """
        self._address = address
        self._sleep = sleep
        self._silence_s = silence_s
        self._http: httpx.AsyncClient | None = None
        if address is not None:
            self._http = _client(address)

    async def sign_in(self) -> str:
        """An auth token for this account. Raises TokenRefused, ExchangeUnreachable."""
        http, address = self._configured()
        body = wire.SignIn(address.uid, address.password)
        answer = await _ask(http, "POST", "/sign-in", body, wire.SignedIn)
        return answer.auth_token

    async def generate_token(self, session_id: str, user_auth_token: str) -> CallToken:
        """A call token for one session.

        Raises TokenRefused: session_id_empty, auth_token_empty, exchange_not_configured,
        auth_token_refused, in this order; ExchangeUnreachable.
        """
        if not session_id:
            raise TokenRefused("session_id_empty", "Give the session a name.")
        if not user_auth_token:
            raise TokenRefused("auth_token_empty", "Sign in first: the auth token is empty.")
        http, _ = self._configured()
        answer = await _ask(
            http,
            "POST",
            "/tokens",
            wire.TokenRequest(session_id),
            wire.TokenAnswer,
            bearer=user_auth_token,
        )
        return CallToken(answer.session_id, answer.token)

    def new_call(self) -> "ExchangeCall":
        """A port for one call. Raises TokenRefused(exchange_not_configured)."""
        http, _ = self._configured()
        return ExchangeCall(http, self._sleep, self._silence_s)

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        if self._http is not None:
            await self._http.aclose()

    def _configured(self) -> tuple[httpx.AsyncClient, ExchangeAddress]:
        if self._http is None or self._address is None:
            raise TokenRefused(
                "exchange_not_configured",
                "No exchange is configured. Set url, uid and password under [exchange].",
            )
        return self._http, self._address


class ExchangeCall:
    """The exchange as one call sees it (session.ports.ExchangePort)."""

    def __init__(self, http: httpx.AsyncClient, sleep: Sleep, silence_s: float) -> None:
        self._http = http
        self._sleep = sleep
        self._silence_s = silence_s
        self._secret = ""
        self._seq = 0
        self._last_event = 0
        self._report: ReportExchange = lambda fact: None
        self._listening: asyncio.Task[None] | None = None

    async def join(
        self, token: CallToken, state: MediaState, audio_only: bool, report: ReportExchange
    ) -> JoinedSession:
        body = wire.Join(token.token, wire_state(state), audio_only, token.session_id)
        joined = await _ask(self._http, "POST", "/join", body, wire.Joined)
        self._secret, self._seq, self._report = joined.resume_secret, joined.me.seq, report
        self._listening = asyncio.create_task(self._hear(), name="exchange-events")
        return joined_session(joined)

    async def send_signal(self, signal: Signal) -> None:
        body = wire.SendSignal(signal.peer, signal.link, signal.kind.value, signal.body)
        await self._tell("POST", "/session/signals", body)

    async def publish_state(self, state: MediaState) -> None:
        await self._tell("PUT", "/session/state", wire_state(state))

    async def request_video(self) -> None:
        await self._tell("POST", "/session/video", wire.VideoSwitch("request"))

    async def accept_video(self) -> None:
        await self._tell("POST", "/session/video", wire.VideoSwitch("accept"))

    async def leave(self) -> None:
        await self._stop_listening()
        secret, self._secret = self._secret, ""
        if secret:
            try:
                async with asyncio.timeout(LEAVE_WITHIN_S):
                    await _ask(self._http, "POST", "/session/leave", None, None, bearer=secret)
            except (TimeoutError, ExchangeError) as error:
                logger.info("leaving without a word: %s", error)

    async def aclose(self) -> None:
        await self._stop_listening()

    async def _tell(self, method: str, path: str, body: Any) -> None:
        await _ask(self._http, method, path, body, None, bearer=self._secret)

    async def _stop_listening(self) -> None:
        task, self._listening = self._listening, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _hear(self) -> None:
        """Listen; a defect ends the membership, rather than leave a call that hears nothing."""
        try:
            await self._listen()
        except Exception:
            logger.exception("defect in the exchange's client")
            self._report(RemovedFromSession(EndReason.CONNECTION_LOST))

    async def _listen(self) -> None:
        """Read events for as long as this unit is in the session, over any number of connections."""
        clock = asyncio.get_running_loop().time
        lost_at_s: float | None = None
        retry_s = RETRY_FIRST_S
        while True:
            try:
                async with aclosing(self._events()) as events:
                    async for event in events:
                        if lost_at_s is not None:
                            self._report(ExchangeRestored(clock() - lost_at_s))
                            lost_at_s, retry_s = None, RETRY_FIRST_S
                        if event is not None and self._take(event):
                            return
            except ExchangeError as error:
                if error.code == "not_in_session":
                    self._report(RemovedFromSession(EndReason.CONNECTION_LOST))
                    return
                logger.info("the exchange's events broke off: %s", error)
            if lost_at_s is None:
                lost_at_s = clock()
                self._report(ExchangeLost())
            await self._sleep(retry_s * random.uniform(0.8, 1.2))
            retry_s = min(2 * retry_s, RETRY_LONGEST_S)

    async def _events(self) -> AsyncGenerator[ServerEvent | None, None]:
        """The events of one connection; None first, once it stands. Raises ExchangeError."""
        headers = {
            "Authorization": f"Bearer {self._secret}",
            "Last-Event-ID": str(self._last_event),
        }
        timeout = httpx.Timeout(REQUEST_TIMEOUT_S, read=self._silence_s)
        try:
            async with self._http.stream(
                "GET", wire.API + "/session/events", headers=headers, timeout=timeout
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    await answer.aread()
                    raise _refusal(answer)
                yield None
                parser = EventParser()
                async for line in answer.aiter_lines():
                    event = parser.feed(line)
                    if event is not None:
                        yield event
        except BROKEN as error:
            raise _unreachable(error) from error

    def _take(self, event: ServerEvent) -> bool:
        """Report an event unless it is known already. True for the last one."""
        if event.number is not None:
            if event.number <= self._last_event:
                return False
            self._last_event = event.number
        fact = fact_of(event.name, event.data, self._seq)
        if fact is not None:
            self._report(fact)
        return isinstance(fact, RemovedFromSession)


def _client(address: ExchangeAddress) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address.url, verify=address.trust(), timeout=REQUEST_TIMEOUT_S, trust_env=False
    )


async def _ask(
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
        raise _unreachable(error) from error
    if not answer.is_success:
        raise _refusal(answer)
    try:
        return msgspec.json.decode(answer.content or b"null", type=answer_type or None)
    except msgspec.MsgspecError as error:
        raise ExchangeError(
            "answer_malformed", f"The exchange gave an answer that is not callbox's: {error}"
        ) from error


def _refusal(answer: httpx.Response) -> ExchangeError:
    try:
        problem = msgspec.json.decode(answer.content, type=wire.Problem)
    except msgspec.MsgspecError:
        return ExchangeError("answer_malformed", f"The exchange answered {answer.status_code}.")
    kind = TokenRefused if answer.status_code == httpx.codes.UNAUTHORIZED else ExchangeError
    return kind(problem.code, problem.message)


def _unreachable(error: Exception) -> ExchangeUnreachable:
    reason = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return ExchangeUnreachable(
            "The exchange shows another certificate than the pinned one. If it was set up anew, "
            "enrol this unit again; if not, somebody may be in between."
        )
    return ExchangeUnreachable(f"The exchange cannot be reached ({reason}). Check url and network.")
