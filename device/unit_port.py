"""A running unit as its control socket sees it (device.control.ports.UnitPort)."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from device import telemetry
from device.control.describe import call_reading
from device.control.desk import ControlDesk
from device.control.metrics import metrics_text
from device.control.ports import Stop
from device.control.readings import (
    Check,
    DoorReading,
    PhoneReading,
    SoundNews,
    StillReading,
    UnitReading,
)
from device.control.scrape import MetricsServer
from device.control.server import ControlServer
from device.doctor.hardware import InCall, check_hardware
from device.doctor.threads import to_its_end
from device.doctor.tones import play_tones
from device.errors import CallInProgress, ControlError, NotAvailable
from device.phone.events import PhoneEvent
from device.phone.state import PhoneState
from device.phone.values import Whom
from device.session.call import CallSession
from device.session.events import Event
from device.session.facts import ButtonReported
from device.session.snapshot import Snapshot
from device.unit import Unit
from hal import Facing


class ServedUnit:
    """Reads and asks the unit; holds nothing of its own but when it began."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._began_s = time.monotonic()

    @property
    def active_call(self) -> CallSession | None:
        return self._unit.calls.active

    def reading(self) -> UnitReading:
        unit, call = self._unit, self._unit.calls.active
        media = unit.media if call is not None else None
        return UnitReading(
            version=telemetry.VERSION,
            session=unit.session,
            exchange=unit.config.exchange.url,
            last_word=unit.last_word,
            call=call_reading(call) if call is not None else None,
            media=telemetry.media_reading(media.statistics()) if media is not None else None,
            board=telemetry.board_reading(unit.hardware.board),
            process=telemetry.process_reading(self._began_s),
            phone=phone_reading(unit.phone.state),
        )

    async def join(self, session: str | None) -> CallSession:
        return await self._unit.go_into(session)

    async def call(self, whom: Whom | None, audio_only: bool | None) -> PhoneReading:
        config = self._unit.config
        wanted = whom or config.ringing.whom
        if wanted is None:
            raise NotAvailable("Say whom to call, or set call under [ringing].")
        await self._unit.phone.call(
            wanted, config.call.audio_only if audio_only is None else audio_only
        )
        return phone_reading(self._unit.phone.state)

    async def answer(self) -> PhoneReading:
        await self._unit.phone.answer()
        return phone_reading(self._unit.phone.state)

    async def reject(self) -> PhoneReading:
        await self._unit.phone.reject()
        return phone_reading(self._unit.phone.state)

    async def set_do_not_disturb(self, on: bool) -> PhoneReading:
        await self._unit.phone.set_do_not_disturb(on)
        return phone_reading(self._unit.phone.state)

    async def end(self) -> None:
        await self._unit.end()

    def watch_events(self, on_event: Callable[[Event | PhoneEvent], None]) -> Stop:
        return self._unit.events.watch(on_event)

    def watch_buttons(self, on_button: Callable[[ButtonReported], None]) -> Stop:
        return self._unit.presses.watch(on_button)

    async def snapshot(self, facing: Facing | None) -> StillReading:
        async with self._unit.alone_with_hardware() as is_alone:
            if is_alone:
                return await self._still_of_closed(facing)
        return await self._still_in_call(facing)

    async def _still_of_closed(self, facing: Facing | None) -> StillReading:
        camera = self._unit.hardware.camera
        present = await to_its_end(lambda: camera.facings)
        wanted = facing or next(iter(present), Facing.FRONT)
        still = await to_its_end(camera.snapshot, wanted, self._unit.config.video)
        return StillReading(wanted, still)

    async def _still_in_call(self, facing: Facing | None) -> StillReading:
        """A camera that a person has closed in a call stays closed."""
        call, media = self._unit.calls.active, self._unit.media
        if call is None or media is None or not call.snapshot.camera_open:
            raise NotAvailable(
                "The camera is closed in the call that is on. `callbox camera on` opens it."
            )
        wanted = facing or call.snapshot.facing
        return StillReading(wanted, await media.snapshot(wanted))

    async def play_tones(self, tell: Callable[[SoundNews], None]) -> None:
        async with self._unit.alone_with_hardware() as is_alone:
            if not is_alone:
                raise CallInProgress("A call is on, and has the sound. End it first: callbox end.")
            await play_tones(self._unit.hardware.audio, tell)

    async def open_door(self) -> DoorReading:
        # In a thread: a relay that does not answer is waited for.
        return DoorReading(await asyncio.to_thread(self._unit.open_door))

    async def check_hardware(self) -> list[Check]:
        unit = self._unit
        async with unit.alone_with_hardware() as is_alone:
            return await check_hardware(unit.parts(), None if is_alone else self._in_call())

    def _in_call(self) -> InCall:
        call = self._unit.calls.active
        now = call.snapshot if call is not None else Snapshot()
        return InCall(self._frames, now.camera_failed, now.is_live and now.is_without_sound)

    def _frames(self) -> int:
        media = self._unit.media
        return media.statistics().video_frames_encoded if media is not None else 0


def phone_reading(state: PhoneState) -> PhoneReading:
    ringing = tuple(each.call for each in state.ringing)
    return PhoneReading(state.phase, state.is_line_up, state.do_not_disturb, ringing, state.call)


@asynccontextmanager
async def served(unit: Unit, path: Path) -> AsyncIterator[None]:
    """The unit's control socket, and its metrics where the configuration wants them, for as long as the
    context lasts. What cannot be is said, and the unit goes on without; but a unit that runs already
    raises ControlError, and an address that is none ConfigError."""
    port = ServedUnit(unit)
    async with AsyncExitStack() as stack:
        server = ControlServer(path, ControlDesk(port))
        try:
            await server.open()
        except ControlError as error:
            if error.code == "unit_running":
                raise
            unit.say(f"{error} Until then `callbox status` and the like find no unit.")
        stack.push_async_callback(server.aclose)
        if unit.config.metrics.listen:
            await stack.enter_async_context(_metrics(unit, port))
        yield


@asynccontextmanager
async def _metrics(unit: Unit, port: ServedUnit) -> AsyncIterator[None]:
    server = MetricsServer(unit.config.metrics.listen, lambda: metrics_text(port.reading()))
    try:
        await server.open()
    except ControlError as error:
        unit.say(str(error))
    try:
        yield
    finally:
        await server.aclose()
