"""Effects on their way, and who waits for them. Used by the engine only, in the event loop."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from device.errors import NotInSession
from device.session import commands, effects
from device.session.effects import Effect, Thing, thing_of

_WAITS_FOR: dict[type, tuple[Thing, ...]] = {
    commands.MuteAudio: (Thing.MICROPHONE,),
    commands.PauseVideo: (Thing.CAMERA,),
    commands.SwitchCamera: (Thing.CAMERA, Thing.FACING),
    commands.SetAudioMode: (Thing.SOUND,),
    commands.SwitchToVideoCall: (Thing.CAMERA, Thing.VIDEO_CALL),
    commands.AcceptVideoCall: (Thing.CAMERA, Thing.VIDEO_CALL),
}
"""A command that sets nothing off may be asking for what is under way: it then waits for that."""

_FOLLOW_UPS = (
    effects.SetMicrophone
    | effects.OpenSound
    | effects.MoveCamera
    | effects.RequestVideo
    | effects.AcceptVideo
)
"""What the outcome of an effect sets off and its asker waits for, too."""


class Ask:
    """Somebody who waits for all that a command set off."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = 1
        self._error: Exception | None = None

    @property
    def is_waiting(self) -> bool:
        return not self.answer.done()

    def wait_for_one_more(self) -> None:
        self._open += 1

    def one_is_done(self, error: Exception | None = None) -> None:
        """Answers with the last one; the first error counts."""
        self._open -= 1
        self._error = self._error or error
        if self._open > 0 or not self.is_waiting:
            return
        if self._error is None:
            self.answer.set_result(None)
        else:
            self.answer.set_exception(self._error)

    def turn_away(self) -> None:
        if self.is_waiting:
            self.answer.set_exception(NotInSession("The call has ended."))


@dataclass(slots=True, eq=False)
class Job:
    """An effect on its way."""

    effect: Effect
    asks: list[Ask] = field(default_factory=list)

    def add(self, ask: Ask) -> None:
        ask.wait_for_one_more()
        self.asks.append(ask)

    @property
    def is_awaited(self) -> bool:
        return any(ask.is_waiting for ask in self.asks)

    def finish(self, error: Exception | None) -> None:
        for ask in self.asks:
            ask.one_is_done(error)


class Jobs:
    """All jobs from their dispatch until their outcome has been stepped."""

    def __init__(self) -> None:
        self._jobs: set[Job] = set()
        self._latest: dict[Thing, Job] = {}

    def begin(self, effect: Effect, asks: list[Ask]) -> Job:
        job = Job(effect)
        for ask in asks:
            job.add(ask)
        self._jobs.add(job)
        thing = thing_of(effect)
        if thing is not None:
            self._latest[thing] = job
        return job

    def is_superseded(self, job: Job) -> bool:
        """A later effect on the same thing is under way."""
        thing = thing_of(job.effect)
        return thing is not None and self._latest.get(thing) is not job

    def finish(self, job: Job, error: Exception | None) -> None:
        self._jobs.discard(job)
        thing = thing_of(job.effect)
        if thing is not None and self._latest.get(thing) is job:
            del self._latest[thing]
        job.finish(error)

    def join(self, command: object, ask: Ask) -> None:
        """``command`` set nothing off: wait for what is under way of what it asks for."""
        for thing in _WAITS_FOR.get(type(command), ()):
            if thing in self._latest:
                self._latest[thing].add(ask)

    def turn_away(self) -> None:
        """Whoever still waits is told that the call is over."""
        for job in self._jobs:
            for ask in job.asks:
                ask.turn_away()
        self._jobs.clear()
        self._latest.clear()


def asks_that_go_on(job: Job | None, error: Exception | None, effect: Effect) -> list[Ask]:
    """Of an effect that followed from a job's outcome: who waits for it as well."""
    is_second_half = isinstance(effect, _FOLLOW_UPS)
    if job is None or error is not None or not is_second_half or thing_of(job.effect) is None:
        return []
    return job.asks


class Lane:
    """Jobs that are done one after another."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._filled = asyncio.Event()

    def put(self, job: Job) -> None:
        self._jobs.append(job)
        self._filled.set()

    async def get(self) -> Job:
        while not self._jobs:
            self._filled.clear()
            await self._filled.wait()
        return self._jobs.popleft()

    def clear(self) -> None:
        """Nothing that has not begun will be done."""
        self._jobs.clear()
