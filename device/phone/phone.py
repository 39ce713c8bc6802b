"""Performs what ``step`` wants: one inbox, one consumer; lanes for exchange, session and tone."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from device.errors import CallboxError, CallError, ExchangeError, ExchangeUnreachable, TokenRefused
from device.exchange.client import ExchangeAccount, ExchangeLine
from device.exchange.client.line import LineFact
from device.exchange.client.retry import WAIT_S, Retry
from device.exchange.wire import ReceiverType
from device.phone import effects
from device.phone.device_id import device_id
from device.phone.effects import Asking, Effect
from device.phone.events import PhoneError, PhoneEvent
from device.phone.inputs import (
    Answered,
    Command,
    Dial,
    Fact,
    Failed,
    HangUp,
    Heard,
    Initiated,
    Input,
    LineWent,
    PickUp,
    Refuse,
    SetDoNotDisturb,
    TimeOfDay,
    TimerFired,
)
from device.phone.news import Reader, over
from device.phone.ports import Sessions, Tones
from device.phone.settings import RingingTable
from device.phone.state import PhoneState
from device.phone.stay import Stay
from device.phone.step import step
from device.phone.values import Farewell, Goodbye, Whom
from device.session.clock import LoopClock
from device.session.ports import Timer
from device.session.values import CallToken

logger = logging.getLogger(__name__)

LOOK_AT_CLOCK_S = 5.0
HOPELESS = frozenset({"sign_in_refused", "exchange_not_configured"})
AWAITED = (effects.Initiate, effects.Accept)
"""Who asked for these waits for the exchange's word; the rest is told to it until it has heard."""
_DEFECT = "It failed by a defect of callbox; see the log."

Ask = asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Letter:
    given: Input
    ask: Ask | None = None


class Phone:
    """A unit's phone. ``run`` is its life; everything else may be called meanwhile."""

    def __init__(
        self,
        account: ExchangeAccount,
        uid: str,
        settings: RingingTable,
        sessions: Sessions,
        tones: Tones,
        on_event: Callable[[PhoneEvent], None],
    ) -> None:
        self.state = PhoneState(settings)
        self._account = account
        self._device_id = device_id(uid)
        self._reader = Reader(uid, self._device_id)
        self._tones = tones
        self._on_event = on_event
        self._clock = LoopClock()
        self._timer: Timer | None = None
        self._inbox: asyncio.Queue[_Letter] = asyncio.Queue()
        self._asking: asyncio.Queue[tuple[Asking, Ask | None]] = asyncio.Queue()
        self._stay = Stay(sessions, self._token_for, self.report)
        self._auth_token = ""
        self._line: ExchangeLine | None = None

    def report(self, fact: Fact) -> None:
        """Put a fact into the inbox. From the event loop only; never blocks."""
        self._inbox.put_nowait(_Letter(fact))

    async def call(self, whom: Whom, audio_only: bool) -> None:
        """Until it rings there. Raises CallInProgress, ExchangeError; its code says why not."""
        await self._do(Dial(whom, audio_only))

    async def answer(self) -> None:
        """Raises NotAvailable when nothing rings, ExchangeError."""
        await self._do(PickUp())

    async def reject(self) -> None:
        """Raises NotAvailable when nothing rings."""
        await self._do(Refuse())

    async def hang_up(self) -> None:
        """Cancel the call that is made, or end the one that is on. Raises NotInSession."""
        await self._do(HangUp())

    async def set_do_not_disturb(self, on: bool) -> None:
        await self._do(SetDoNotDisturb(on))

    async def run(self) -> None:
        """Until cancelled. Raises ExchangeError for an account that the exchange does not take."""
        works = [self._consume, self._ask_on, self._look_at_clock, self._stay.run, self._tones.run]
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(work(), name="phone") for work in works]
            try:
                refused = await self._keep_line()
            finally:
                self._set_timer(None)
            for task in running:
                task.cancel()
        raise refused

    def press(self, command: Command) -> None:
        """As a finger does, that waits for nothing: what cannot be is told as a PhoneError."""
        self._inbox.put_nowait(_Letter(command))

    async def _do(self, command: Command) -> None:
        ask: Ask = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(_Letter(command, ask))
        await ask

    async def _consume(self) -> None:
        while True:
            letter = await self._inbox.get()
            try:
                self._take(letter)
            except CallboxError as error:
                _settle(letter.ask, error)
                if letter.ask is None:
                    self._on_event(PhoneError(error.code, str(error)))
            except Exception:
                logger.exception("defect while taking %s", type(letter.given).__name__)
                _settle(letter.ask, CallError(_DEFECT))

    def _take(self, letter: _Letter) -> None:
        made = step(self.state, letter.given, self._clock.now_s())
        self.state = made.state
        for event in made.events:
            self._on_event(event)
        for effect in made.effects:
            self._perform(effect, letter.ask)
        if not any(isinstance(effect, AWAITED) for effect in made.effects):
            _settle(letter.ask, None)

    def _perform(self, effect: Effect, ask: Ask | None) -> None:
        """``ask``: who waits for what the exchange says to what is AWAITED."""
        match effect:
            case effects.Play(tone=tone):
                self._tones.play(tone)
            case effects.Enter(call=call):
                self._stay.enter(call)
            case effects.Leave():
                self._stay.enter(None)
            case effects.SetTimer(at_s=at_s):
                self._set_timer(at_s)
            case _:
                self._asking.put_nowait((effect, ask if isinstance(effect, AWAITED) else None))

    def _set_timer(self, at_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at_s is not None:
            self._timer = self._clock.call_at(at_s, lambda: self.report(TimerFired()))

    # The exchange.

    async def _keep_line(self) -> ExchangeError:
        """Listen, and sign in anew when the exchange asks for it. Returns its final refusal."""
        retry = Retry(asyncio.sleep)
        while True:
            try:
                self._auth_token = await self._account.sign_in()
            except ExchangeError as error:
                if error.code in HOPELESS:
                    return error
                self.report(LineWent(str(error)))
                await asyncio.sleep(WAIT_S.get(error.code, 0.0))
            else:
                retry.succeeded()
                self._line = self._account.new_line(self._device_id, self._auth_token)
                await self._line.listen(self._hear)
            await retry.wait()

    def _hear(self, told: LineFact) -> None:
        fact = self._reader.fact_of(told)
        if fact is not None:
            self.report(fact)

    async def _token_for(self, session_id: str) -> CallToken:
        return await self._account.generate_token(session_id, self._auth_token)

    async def _ask_on(self) -> None:
        while True:
            effect, ask = await self._asking.get()
            try:
                fact = await self._asked(effect)
            except ExchangeError as error:
                is_lost = isinstance(error, ExchangeUnreachable | TokenRefused)
                fact = Failed(effect, error.code, str(error), is_lost)
            except Exception:
                logger.exception("defect while doing %s", type(effect).__name__)
                fact = Failed(effect, CallError.code, _DEFECT, is_lost=False)
            self.report(fact)
            _settle(ask, _refusal(fact))

    async def _asked(self, effect: Asking) -> Fact:
        line = self._line
        if line is None:
            raise ExchangeUnreachable("The exchange cannot be reached now.")
        match effect:
            case effects.Initiate(whom=whom, audio_only=audio_only):
                kind: ReceiverType = "group" if whom.is_group else "user"
                item = await line.initiate(whom.name, kind, "audio" if audio_only else "video")
                call, standing = self._reader.call_of(item), self._reader.standing_in(item)
                return Initiated(call, standing, over(item))
            case effects.Accept(session_id=session_id):
                return Answered(self._reader.call_of(await line.accept(session_id)))
            case effects.SayGoodbye(goodbye=goodbye):
                await _say(line, goodbye)
            case effects.PublishDoNotDisturb(on=on):
                await line.set_do_not_disturb(on)
        return Heard(effect)

    async def _look_at_clock(self) -> None:
        """Often: the clock of a board is set once its network is there."""
        minute = None
        while True:
            now = datetime.now()
            if now.hour * 60 + now.minute != minute:
                minute = now.hour * 60 + now.minute
                self.report(TimeOfDay(minute))
            await asyncio.sleep(LOOK_AT_CLOCK_S)


async def _say(line: ExchangeLine, goodbye: Goodbye) -> None:
    match goodbye.how:
        case Farewell.REJECT:
            await line.reject(goodbye.session_id)
        case Farewell.CANCEL:
            await line.cancel(goodbye.session_id)
        case Farewell.END:
            await line.end(goodbye.session_id)
        case Farewell.CLEAR:
            await line.clear_active_call()


def _refusal(fact: Fact) -> ExchangeError | None:
    """What who asked is told of it; None: it is done."""
    match fact:
        case Failed(code=code, message=message):
            return ExchangeError(code, message)
        case Initiated(over=how, call=call) if how is not None:
            return ExchangeError(how.value, f"{call.name} cannot be reached: {how.value}.")
    return None


def _settle(ask: Ask | None, error: Exception | None) -> None:
    if ask is None or ask.done():
        return
    if error is None:
        ask.set_result(None)
    else:
        ask.set_exception(error)
