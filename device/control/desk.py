"""Does what is asked over the control socket, on the unit that runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from device.control.describe import call_reading, happening
from device.control.messages import (
    AnswerCall,
    Call,
    Camera,
    CameraWish,
    CheckHardware,
    DoNotDisturb,
    Door,
    End,
    Follow,
    FollowButtons,
    Join,
    Mute,
    Phoning,
    Pip,
    PlayTones,
    RejectCall,
    Request,
    Route,
    Snapshot,
    Status,
    Stream,
)
from device.control.ports import UnitPort
from device.control.readings import ButtonReading, Happening, PhoneReading
from device.errors import NotInSession
from device.phone.events import PhoneEvent
from device.session.call import CallSession
from device.session.events import Event
from device.session.facts import ButtonReported
from hal import Facing

KEPT_NEWS = 1000
"""For a follower who does not read. The oldest are dropped."""

News = asyncio.Queue[object | None]


class ControlDesk:
    """``answer`` what has one answer, ``news`` for what goes on."""

    def __init__(self, unit: UnitPort, epoch_s: Callable[[], float] = time.time) -> None:
        self._unit = unit
        self._epoch_s = epoch_s

    async def answer(self, request: Request) -> object:
        """Returns what ANSWERS of messages says. Raises CallboxError and HalError kinds."""
        match request:
            case Status():
                return self._unit.reading()
            case CheckHardware():
                return await self._unit.check_hardware()
            case Join(session=session):
                return call_reading(await self._unit.join(session))
            case Call() | AnswerCall() | RejectCall() | DoNotDisturb():
                return await self._phone(request)
            case Snapshot(facing=facing):
                return await self._unit.snapshot(facing)
            case Door():
                return await self._unit.open_door()
            case End():
                await self._unit.end()
                return None
            case _:
                call = self._need_call()
                await _do(call, request)
                return call_reading(call)

    async def _phone(self, request: Phoning) -> PhoneReading:
        match request:
            case Call(whom=whom, audio_only=audio_only):
                return await self._unit.call(whom, audio_only)
            case AnswerCall():
                return await self._unit.answer()
            case RejectCall():
                return await self._unit.reject()
            case DoNotDisturb(on=on):
                return await self._unit.set_do_not_disturb(on)

    @asynccontextmanager
    async def news(self, request: Stream) -> AsyncIterator[News]:
        """What happens from now on; None says that no more comes. Leaving ends it, and raises what went
        wrong in it (CallboxError kinds)."""
        news: News = asyncio.Queue()

        def put(item: object) -> None:
            if news.qsize() >= KEPT_NEWS:
                news.get_nowait()
            news.put_nowait(item)

        match request:
            case Follow():
                stop = self._unit.watch_events(lambda event: put(self._happening(event)))
            case FollowButtons():
                stop = self._unit.watch_buttons(lambda reported: put(self._button(reported)))
            case PlayTones():
                async with _until_done(self._unit.play_tones(put), lambda: put(None)):
                    yield news
                return
        try:
            yield news
        finally:
            stop()

    def _happening(self, event: Event | PhoneEvent) -> Happening:
        return happening(event, self._epoch_s())

    def _button(self, reported: ButtonReported) -> ButtonReading:
        return ButtonReading(reported.button, reported.edge, self._epoch_s())

    def _need_call(self) -> CallSession:
        call = self._unit.active_call
        if call is None:
            raise NotInSession("No call is on. Begin one with `callbox call` or `callbox join`.")
        return call


@asynccontextmanager
async def _until_done(
    work: Coroutine[Any, Any, None], on_end: Callable[[], None]
) -> AsyncIterator[None]:
    """Does the work meanwhile; what it raises is raised at the end."""
    task = asyncio.get_running_loop().create_task(work, name="control-stream")
    task.add_done_callback(lambda _: on_end())
    try:
        yield
    except BaseException:
        task.cancel()
        await asyncio.wait([task])
        raise
    await task


async def _do(call: CallSession, request: Request) -> None:
    match request:
        case Mute(muted=muted):
            await call.mute_audio(not call.snapshot.muted if muted is None else muted)
        case Route(mode=mode):
            await call.set_audio_mode(mode)
        case Pip(shown=shown):
            wanted = not call.snapshot.pip if shown is None else shown
            await (call.enter_pip_mode() if wanted else call.exit_pip_mode())
        case Camera(wish=wish):
            await _camera(call, wish)


async def _camera(call: CallSession, wish: CameraWish) -> None:
    """A facing opens a paused camera, too: who names one wants to see through it."""
    if wish in (CameraWish.ON, CameraWish.OFF):
        await call.pause_video(wish is CameraWish.OFF)
        return
    if wish is CameraWish.SWITCH:
        await call.switch_camera()
        return
    if call.snapshot.wanted_facing is not Facing(wish.value):
        await call.switch_camera()
    await call.pause_video(False)
