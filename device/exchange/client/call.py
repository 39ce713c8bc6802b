"""One call at an exchange: its session, its events, its signals."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx

from device.errors import ExchangeError
from device.exchange import wire
from device.exchange.client.http import ask, events
from device.exchange.client.retry import Retry, Sleep
from device.exchange.sse import ServerEvent
from device.exchange.translate import fact_of, joined_session, wire_state
from device.session.facts import ExchangeLost, ExchangeRestored, RemovedFromSession
from device.session.ports import JoinedSession, ReportExchange
from device.session.values import CallToken, EndReason, MediaState, Signal

logger = logging.getLogger(__name__)

LEAVE_WITHIN_S = 0.5


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
        joined = await ask(self._http, "POST", "/join", body, wire.Joined)
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
                    await ask(self._http, "POST", "/session/leave", None, None, bearer=secret)
            except (TimeoutError, ExchangeError) as error:
                logger.info("leaving without a word: %s", error)

    async def aclose(self) -> None:
        await self._stop_listening()

    async def _tell(self, method: str, path: str, body: Any) -> None:
        await ask(self._http, method, path, body, None, bearer=self._secret)

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
        retry = Retry(self._sleep)
        while True:
            try:
                async with aclosing(self._events()) as heard:
                    async for event in heard:
                        if lost_at_s is not None:
                            self._report(ExchangeRestored(clock() - lost_at_s))
                            lost_at_s = None
                            retry.succeeded()
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
            await retry.wait()

    def _events(self) -> AsyncGenerator[ServerEvent | None, None]:
        return events(
            self._http, "/session/events", self._secret, self._last_event, self._silence_s
        )

    def _take(self, event: ServerEvent) -> bool:
        """Report an event. True for the last one."""
        if event.number is not None:
            self._last_event = event.number
        fact = fact_of(event.name, event.data, self._seq)
        if fact is not None:
            self._report(fact)
        return isinstance(fact, RemovedFromSession)
