"""A unit's line at an exchange: it rings and is rung over it."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import httpx
import msgspec

from device.errors import ExchangeError, TokenRefused
from device.exchange import wire
from device.exchange.client.http import ask, events
from device.exchange.client.retry import Retry, Sleep
from device.exchange.sse import ServerEvent

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineUp:
    """The line stands; ``registered``: how things are now. What was known before is void."""

    registered: wire.Registered


@dataclass(frozen=True, slots=True)
class LineDown:
    """The exchange cannot be reached, or has thrown us out. ``is_final``: it will not come back."""

    reason: ExchangeError
    is_final: bool


@dataclass(frozen=True, slots=True)
class LineRestored:
    """It can be reached again, and nothing was missed."""


@dataclass(frozen=True, slots=True)
class LineNews:
    """Something happened to a call; see wire.NewsName."""

    name: str
    news: wire.CallNews


LineFact = LineUp | LineDown | LineRestored | LineNews
ReportLine = Callable[[LineFact], None]


class ExchangeLine:
    """Registered as one device of an account. ``listen`` for as long as it is to ring."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        device_id: str,
        auth_token: str,
        sleep: Sleep,
        silence_s: float,
    ) -> None:
        self._http = http
        self._device_id = device_id
        self._auth_token = auth_token
        self._sleep = sleep
        self._silence_s = silence_s
        self._last_event: int | None = None
        """None: not registered."""
        self._do_not_disturb: bool | None = None
        """None: nobody has said, and it is as the exchange has it."""

    async def listen(self, report: ReportLine) -> None:
        """Register, and report what comes, over any number of connections, until the exchange
        refuses the account. The first report is LineUp or LineDown."""
        retry, is_up = Retry(self._sleep), True
        while True:
            try:
                if self._last_event is None:
                    registered = await self.register()
                    await self._tell_do_not_disturb()
                    self._last_event = registered.after
                    is_up = True
                    report(LineUp(registered))
                async with aclosing(self._events()) as heard:
                    async for event in heard:
                        if not is_up:
                            report(LineRestored())
                        is_up = True
                        retry.succeeded()
                        if event is not None:
                            self._take(event, report)
            except ExchangeError as error:
                is_final = isinstance(error, TokenRefused)
                if error.code == "device_unknown":
                    self._last_event = None
                elif is_up or is_final:
                    report(LineDown(error, is_final))
                    is_up = False
                if is_final:
                    return
            await retry.wait()

    async def register(self) -> wire.Registered:
        """How things stand for this device. Raises ExchangeError."""
        path = f"/devices/{self._device_id}"
        return await ask(self._http, "PUT", path, None, wire.Registered, self._auth_token)

    async def set_do_not_disturb(self, on: bool) -> None:
        """Whether this device is to be left in peace; told again whenever it registers anew, so that it
        holds even where this could not be told now. Raises ExchangeError."""
        self._do_not_disturb = on
        if self._last_event is not None:
            await self._tell_do_not_disturb()

    async def initiate(
        self,
        receiver: str,
        receiver_type: wire.ReceiverType = "user",
        call_type: wire.CallType = "video",
    ) -> wire.CallItem:
        """Ring. Raises ExchangeError; its code says why not."""
        body = wire.InitiateCall(receiver, self._device_id, receiver_type, call_type)
        return await self._call("/calls", body)

    async def accept(self, session_id: str) -> wire.CallItem:
        """Raises ExchangeError, as all the following."""
        return await self._call(f"/calls/{session_id}/accept", wire.FromDevice(self._device_id))

    async def reject(self, session_id: str) -> wire.CallItem:
        body = wire.Reject(self._device_id)
        return await self._call(f"/calls/{session_id}/reject", body)

    async def cancel(self, session_id: str) -> wire.CallItem:
        return await self._call(f"/calls/{session_id}/cancel", None)

    async def end(self, session_id: str) -> wire.CallItem:
        return await self._call(f"/calls/{session_id}/end", None)

    async def active_call(self) -> wire.CallItem | None:
        answer = await ask(
            self._http, "GET", "/calls/active", None, wire.ActiveCall, self._auth_token
        )
        return answer.call

    async def clear_active_call(self) -> None:
        """Leave the active call, or give it up. Idempotent."""
        await ask(self._http, "DELETE", "/calls/active", None, None, self._auth_token)

    async def _tell_do_not_disturb(self) -> None:
        if self._do_not_disturb is not None:
            path = f"/devices/{self._device_id}/do-not-disturb"
            body = wire.DoNotDisturb(self._do_not_disturb)
            await ask(self._http, "PUT", path, body, None, self._auth_token)

    async def _call(self, path: str, body: object) -> wire.CallItem:
        return await ask(self._http, "POST", path, body, wire.CallItem, self._auth_token)

    def _events(self) -> AsyncGenerator[ServerEvent | None, None]:
        path = f"/devices/{self._device_id}/events"
        assert self._last_event is not None
        return events(self._http, path, self._auth_token, self._last_event, self._silence_s)

    def _take(self, event: ServerEvent, report: ReportLine) -> None:
        """Report an event, unless it is not for a line."""
        if event.number is not None:
            self._last_event = event.number
        if event.name == "removed":
            self._last_event = None
            return
        try:
            report(LineNews(event.name, msgspec.json.decode(event.data, type=wire.CallNews)))
        except (msgspec.MsgspecError, ValueError) as error:
            logger.warning("the exchange sent a malformed %r event: %s", event.name, error)
