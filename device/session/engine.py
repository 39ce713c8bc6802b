"""Runs one call: one inbox, one consumer, effects in lanes.

An input is stepped, the snapshot stored, its events delivered in order, its effects handed to lanes.
A lane does its effects one after another and reports each as a fact to the inbox, so neither waits
for the other: devices (slow: a camera opens in half a second), links, exchange. All tasks belong to
one TaskGroup that ends with the call.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import TypeVar

from device.errors import CallboxError, CallError, NotInSession
from device.session import effects
from device.session.effects import Effect
from device.session.listeners import Listeners
from device.session.outcomes import EffectFailed, EngineBroke, Released, TimerFired
from device.session.perform import Lane, Performer, lane_of
from device.session.ports import Clock, ExchangePort, MediaPort, Timer
from device.session.snapshot import Snapshot
from device.session.step import Input, step
from device.session.table import Phase
from hal import HalError

logger = logging.getLogger(__name__)

Done = asyncio.Future[None]
"""Resolved once an effect has been done and its outcome stepped."""

RELEASE_WITHIN_S = 0.9
"""Of the second in which everything must be free."""

_DEFECT = "The call failed by a defect of callbox; see the log."


@dataclass(frozen=True, slots=True)
class _Letter:
    """An input. ``accepted`` gets the futures of the effects it set off, or the refusal; ``done``,
    on an outcome, is the future of its effect, and ``error`` how that failed."""

    given: Input | None
    accepted: "asyncio.Future[tuple[Done, ...]] | None" = None
    done: Done | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    """An effect in a lane; without one it only waits for its turn."""

    effect: Effect | None
    done: Done | None


class CallEngine:
    """One call, from start to end. ``run`` is its life; everything else may be called meanwhile."""

    def __init__(
        self, media: MediaPort, exchange: ExchangePort, clock: Clock, listeners: Listeners
    ) -> None:
        self.snapshot = Snapshot()
        self.ended = asyncio.Event()
        self._media = media
        self._exchange = exchange
        self._clock = clock
        self._listeners = listeners
        self._performer = Performer(media, exchange, self.report)
        self._inbox: asyncio.Queue[_Letter] = asyncio.Queue()
        self._lanes: dict[Lane, asyncio.Queue[_Job]] = {lane: asyncio.Queue() for lane in Lane}
        self._timers: dict[effects.TimerName, Timer] = {}
        self._pending: set[Done] = set()
        self._release: _Job | None = None

    def report(self, fact: Input) -> None:
        """Put a fact into the inbox. From the event loop only; never blocks."""
        self._inbox.put_nowait(_Letter(fact))

    async def ask(self, command: Input) -> None:
        """Give a command and wait until what it set off has been confirmed; raises its refusal."""
        if self.ended.is_set():
            self._step(command)  # refuses, or finds nothing left to do
            return
        accepted: asyncio.Future[tuple[Done, ...]] = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait(_Letter(command, accepted))
        for result in await asyncio.gather(*await accepted, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def run(self) -> None:
        """Take inputs until the call has ended and everything is released."""
        try:
            async with asyncio.TaskGroup() as tasks:
                workers = [
                    tasks.create_task(self._work(lane), name=f"call-{lane.value}") for lane in Lane
                ]
                try:
                    while self.snapshot.phase is not Phase.ENDED:
                        self._take(await self._inbox.get())
                        if self._release is not None:
                            for worker in workers:
                                worker.cancel()
                            await self._finish(self._release)
                finally:
                    for worker in workers:
                        worker.cancel()
        finally:
            if self.snapshot.phase is not Phase.ENDED:
                await self._close_ports()  # the application is going down
            self._cancel_timers()
            self.ended.set()
            self._turn_away()

    def _take(self, letter: _Letter) -> None:
        wanted: tuple[Effect, ...] = ()
        try:
            if letter.given is not None:
                wanted = self._step(letter.given)
        except (CallError, HalError) as refusal:
            _fail(letter.accepted, refusal)
        except Exception:
            logger.exception("defect while taking %s", type(letter.given).__name__)
            _fail(letter.accepted, CallError(_DEFECT))
            if not isinstance(letter.given, EngineBroke):
                self.report(EngineBroke(_DEFECT))
        self._hand_out(wanted, letter.accepted)
        self._settle(letter.done, letter.error)

    def _step(self, given: Input) -> tuple[Effect, ...]:
        result = step(self.snapshot, given, self._clock.now_s())
        self.snapshot = result.snapshot
        for event in result.events:
            self._listeners.deliver(event)
        return result.effects

    def _hand_out(
        self,
        wanted: tuple[Effect, ...],
        accepted: "asyncio.Future[tuple[Done, ...]] | None",
    ) -> None:
        is_awaited = accepted is not None and not accepted.done()
        jobs = [_Job(effect, self._promise() if is_awaited else None) for effect in wanted]
        if is_awaited and not jobs:
            # Nothing to do: it may be under way already, so wait for the devices' turn.
            jobs = [_Job(None, self._promise())]
        for job in jobs:
            self._dispatch(job)
        if is_awaited:
            _resolve(accepted, tuple(job.done for job in jobs if job.done is not None))

    def _promise(self) -> Done:
        done: Done = asyncio.get_running_loop().create_future()
        self._pending.add(done)
        return done

    def _settle(self, done: Done | None, error: Exception | None) -> None:
        if done is not None:
            self._pending.discard(done)
            _fail(done, error)
            _resolve(done, None)

    def _dispatch(self, job: _Job) -> None:
        match job.effect:
            case effects.SetTimer(name, at_s):
                self._set_timer(name, at_s)
                self._settle(job.done, None)
            case effects.Release():
                self._release = job
            case _:
                self._lanes[lane_of(job.effect)].put_nowait(job)

    async def _work(self, lane: Lane) -> None:
        while True:
            job = await self._lanes[lane].get()
            self._inbox.put_nowait(await self._do(job))

    async def _do(self, job: _Job) -> _Letter:
        if job.effect is None:
            return _Letter(None, done=job.done)
        try:
            return _Letter(await self._performer.perform(job.effect), done=job.done)
        except (CallboxError, HalError) as error:
            failed = EffectFailed(job.effect, error.code, str(error), job.done is not None)
            return _Letter(failed, done=job.done, error=error)
        except Exception as defect:
            logger.exception("defect while doing %s", type(job.effect).__name__)
            return _Letter(EngineBroke(_DEFECT), done=job.done, error=defect)

    async def _finish(self, job: _Job) -> None:
        """What is still in the lanes is pointless now: free everything, then the last events."""
        self._release = None
        self._cancel_timers()
        await self._close_ports()
        self._take(_Letter(Released(), done=job.done))

    async def _close_ports(self) -> None:
        """Within a second, whatever the network does; each clean-up apart from the other."""
        closings = {
            asyncio.ensure_future(self._media.aclose()): "media",
            asyncio.ensure_future(self._leave()): "exchange",
        }
        _, late = await asyncio.wait(closings, timeout=RELEASE_WITHIN_S)
        for closing in late:
            closing.cancel()
            logger.error("the %s did not close in time", closings[closing])
        for closing, result in zip(
            closings, await asyncio.gather(*closings, return_exceptions=True), strict=True
        ):
            if isinstance(result, Exception):
                logger.error("closing the %s failed: %r", closings[closing], result)

    async def _leave(self) -> None:
        try:
            if self.snapshot.me is not None:
                await self._exchange.leave()
        finally:
            await self._exchange.aclose()

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
        over = NotInSession("The call has ended.")
        while not self._inbox.empty():
            letter = self._inbox.get_nowait()
            if letter.accepted is None:
                continue
            try:
                if letter.given is not None:
                    self._step(letter.given)
                _resolve(letter.accepted, ())
            except (CallError, HalError) as refusal:
                _fail(letter.accepted, refusal)
        for done in self._pending:
            _fail(done, over)
        self._pending.clear()


T = TypeVar("T")


def _resolve(future: "asyncio.Future[T] | None", value: T) -> None:
    if future is not None and not future.done():
        future.set_result(value)


def _fail(future: "asyncio.Future[T] | None", error: Exception | None) -> None:
    if future is not None and error is not None and not future.done():
        future.set_exception(error)
