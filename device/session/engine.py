"""Runs one call: one inbox, one consumer, effects in lanes.

An input is stepped, the snapshot stored, its events delivered in order, its effects handed to lanes.
A lane does its effects one after another and reports each as a fact to the inbox, so neither waits
for the other: microphone (at once), devices (slow: a camera opens in half a second), links,
exchange. All tasks belong to one TaskGroup that ends with the call.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from device.errors import CallboxError, CallError
from device.session import commands, effects
from device.session.effects import Effect
from device.session.jobs import Ask, Job, Jobs, Lane, asks_that_go_on
from device.session.listeners import Listeners
from device.session.outcomes import EffectFailed, EngineBroke, Released, TimerFired
from device.session.perform import LaneName, Performer, lane_of
from device.session.ports import Clock, ExchangePort, MediaPort, Timer
from device.session.snapshot import Snapshot
from device.session.step import Input, step
from device.session.table import Phase
from hal import HalError

logger = logging.getLogger(__name__)

RELEASE_WITHIN_S = 0.8
"""Of the second in which everything must be free; the rest is for a busy processor."""

_DEFECT = "The call failed by a defect of callbox; see the log."


@dataclass(frozen=True, slots=True)
class _Letter:
    """An input: a command with who asked it, a fact, or the outcome of a job. One without an input
    is a job that says nothing by its success, or that failed with ``error``."""

    given: Input | None
    ask: Ask | None = None
    job: Job | None = None
    error: Exception | None = None


class CallEngine:
    """One call, from start to end. ``run`` is its life; everything else may be called meanwhile."""

    def __init__(
        self,
        media: MediaPort,
        exchange: ExchangePort,
        clock: Clock,
        listeners: Listeners,
        on_change: Callable[[Snapshot], None] | None = None,
    ) -> None:
        """``on_change`` sees each new snapshot before its events are told. It must not raise."""
        self.snapshot = Snapshot()
        self.ended = asyncio.Event()
        self._media = media
        self._exchange = exchange
        self._clock = clock
        self._listeners = listeners
        self._on_change = on_change
        self._performer = Performer(media, exchange, self.report)
        self._inbox: asyncio.Queue[_Letter] = asyncio.Queue()
        self._jobs = Jobs()
        self._lanes = {name: Lane() for name in LaneName}
        self._workers: dict[LaneName, asyncio.Task[None]] = {}
        self._timers: dict[effects.TimerName, Timer] = {}
        self._release: Job | None = None

    def report(self, fact: Input) -> None:
        """Put a fact into the inbox. From the event loop only; never blocks."""
        self._inbox.put_nowait(_Letter(fact))

    async def ask(self, command: Input) -> None:
        """Give a command and wait until what it set off has been confirmed; raises its refusal."""
        if self.ended.is_set():
            self._step(command)  # refuses, or finds nothing left to do
            return
        ask = Ask()
        self._inbox.put_nowait(_Letter(command, ask))
        await ask.answer

    async def run(self) -> None:
        """Take inputs until the call has ended and everything is released."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name in LaneName:
                    self._workers[name] = tasks.create_task(
                        self._work(name), name=f"call-{name.value}"
                    )
                try:
                    while self._release is None:
                        self._take(await self._inbox.get())
                finally:
                    await self._free_everything()
        finally:
            self._tell_the_end()
            self.ended.set()
            self._turn_away()

    def _take(self, letter: _Letter) -> None:
        given = self._input(letter)
        wanted: tuple[Effect, ...] = ()
        refusal: Exception | None = None
        try:
            if given is not None:
                wanted = self._step(given)
        except (CallError, HalError) as error:
            refusal = error
        except Exception:
            logger.exception("defect while taking %s", type(given).__name__)
            refusal = CallError(_DEFECT)
            if not isinstance(given, EngineBroke):
                self.report(EngineBroke(_DEFECT))
        for effect in wanted:
            asks = asks_that_go_on(letter.job, letter.error, effect)
            self._dispatch(effect, asks if letter.ask is None else [letter.ask])
        if letter.job is not None:
            self._jobs.finish(letter.job, letter.error)
        if letter.ask is not None:
            if not wanted and refusal is None:
                self._jobs.join(given, letter.ask)
            letter.ask.one_is_done(refusal)

    def _input(self, letter: _Letter) -> Input | None:
        error, job = letter.error, letter.job
        if job is None or not isinstance(error, CallboxError | HalError):
            return letter.given
        return EffectFailed(
            job.effect, error.code, str(error), job.is_awaited, self._jobs.is_superseded(job)
        )

    def _step(self, given: Input) -> tuple[Effect, ...]:
        result = step(self.snapshot, given, self._clock.now_s())
        has_changed = result.snapshot != self.snapshot
        self.snapshot = result.snapshot
        if has_changed and self._on_change is not None:
            self._on_change(self.snapshot)
        for event in result.events:
            self._listeners.deliver(event)
        return result.effects

    def _dispatch(self, effect: Effect, asks: list[Ask]) -> None:
        if isinstance(effect, effects.SetTimer):
            self._set_timer(effect.name, effect.at_s)
            return
        job = self._jobs.begin(effect, asks)
        if isinstance(effect, effects.Release):
            self._release = job
        else:
            self._lanes[lane_of(effect)].put(job)

    async def _work(self, name: LaneName) -> None:
        while True:
            self._inbox.put_nowait(await self._do(await self._lanes[name].get()))

    async def _do(self, job: Job) -> _Letter:
        try:
            return _Letter(await self._performer.perform(job.effect), job=job)
        except (CallboxError, HalError) as error:
            return _Letter(None, job=job, error=error)
        except Exception as defect:
            logger.exception("defect while doing %s", type(job.effect).__name__)
            return _Letter(EngineBroke(_DEFECT), job=job, error=defect)

    async def _free_everything(self) -> None:
        """What has not begun is pointless now. A device that is being opened is waited for, since it
        can only be closed afterwards; the rest is dropped."""
        self._cancel_timers()
        for name, lane in self._lanes.items():
            lane.clear()
            if name is not LaneName.DEVICES:
                self._workers[name].cancel()
        try:
            await self._close_ports()
        finally:
            self._workers[LaneName.DEVICES].cancel()

    async def _close_ports(self) -> None:
        """Within a second, whatever the network does; each clean-up apart from the other."""
        try:
            async with asyncio.timeout(RELEASE_WITHIN_S), asyncio.TaskGroup() as tasks:
                tasks.create_task(_closed("media", self._media.aclose()), name="close-media")
                tasks.create_task(_closed("exchange", self._leave()), name="close-exchange")
        except TimeoutError:
            pass  # logged by the one that was late

    async def _leave(self) -> None:
        try:
            await self._exchange.leave()
        finally:
            await self._exchange.aclose()

    def _tell_the_end(self) -> None:
        """The last events; an application that goes down has ended its call."""
        job, self._release = self._release, None
        if self.snapshot.phase is Phase.IDLE:
            return
        if job is None:
            self._step(commands.EndSession())
        self._take(_Letter(Released(), job=job))

    def _set_timer(self, name: effects.TimerName, at_s: float | None) -> None:
        running = self._timers.pop(name, None)
        if running is not None:
            running.cancel()
        if at_s is not None:
            self._timers[name] = self._clock.call_at(at_s, lambda: self.report(TimerFired(name)))

    def _cancel_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _turn_away(self) -> None:
        """Whoever still waits is told that the call is over."""
        while not self._inbox.empty():
            letter = self._inbox.get_nowait()
            if letter.ask is not None:
                self._take(letter)
        self._jobs.turn_away()


async def _closed(name: str, closing: Awaitable[None]) -> None:
    try:
        await closing
    except asyncio.CancelledError:
        logger.error("the %s did not close in time", name)
        raise
    except Exception as error:
        logger.error("closing the %s failed: %r", name, error)
