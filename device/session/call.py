"""The public face of a call: ``Calls.start_session`` and the ``CallSession`` it returns."""

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from device.errors import CallError, CallInProgress
from device.session import commands
from device.session.clock import LoopClock
from device.session.engine import CallEngine
from device.session.events import Event
from device.session.facts import ButtonReported
from device.session.idle import seconds_left
from device.session.listeners import Listeners
from device.session.ports import Clock, ExchangePort, MediaPort
from device.session.settings import CallSettings
from device.session.snapshot import Snapshot
from device.session.values import CallToken
from hal import AudioMode, Facing

logger = logging.getLogger(__name__)


class CallSession:
    """One call. Its methods need a live session (NotInSession otherwise) and are safe to repeat:
    asking for what already is changes nothing. Each returns when what it asked is so."""

    def __init__(self, engine: CallEngine, listeners: Listeners, clock: Clock) -> None:
        self._engine = engine
        self._listeners = listeners
        self._clock = clock

    @property
    def session_id(self) -> str:
        return self._engine.snapshot.session_id

    @property
    def snapshot(self) -> Snapshot:
        """All that the call knows of itself at this moment; a value, never changed."""
        return self._engine.snapshot

    @property
    def idle_seconds_left(self) -> float | None:
        """Until the session ends because nobody else is here; None while somebody is."""
        return seconds_left(self._engine.snapshot, self._clock.now_s())

    def add_call_listener(self, listener_id: str, listener: object) -> None:
        """Register under an id; the same id again replaces. Any object with some of CallListener's
        methods will do."""
        self._listeners.add(listener_id, listener)

    def remove_call_listener(self, listener_id: str) -> None:
        self._listeners.remove(listener_id)

    async def switch_camera(self) -> None:
        """Front to rear and back. Raises CameraUnavailable with one camera only, NotAvailable in an
        audio call."""
        await self._engine.ask(commands.SwitchCamera())

    async def mute_audio(self, muted: bool) -> None:
        """Muted, not one sample more of the microphone leaves the unit."""
        await self._engine.ask(commands.MuteAudio(muted))

    async def pause_video(self, paused: bool) -> None:
        """Paused, the camera is closed. Raises CameraUnavailable, NotAvailable in an audio call."""
        await self._engine.ask(commands.PauseVideo(paused))

    async def set_audio_mode(self, mode: AudioMode) -> None:
        """Raises AudioModeUnavailable, and nothing changes."""
        await self._engine.ask(commands.SetAudioMode(mode))

    async def enter_pip_mode(self) -> None:
        await self._engine.ask(commands.EnterPipMode())

    async def exit_pip_mode(self) -> None:
        await self._engine.ask(commands.ExitPipMode())

    async def switch_to_video_call(self) -> None:
        """Open this unit's camera and ask the others for theirs. Raises CameraUnavailable."""
        await self._engine.ask(commands.SwitchToVideoCall())

    async def accept_video_call(self) -> None:
        """Agree to another's switch to video. Raises CameraUnavailable."""
        await self._engine.ask(commands.AcceptVideoCall())

    async def start_recording(self) -> None:
        """Raises NotAvailable: recording comes with a later release."""
        await self._engine.ask(commands.StartRecording())

    async def stop_recording(self) -> None:
        """Raises NotAvailable: recording comes with a later release."""
        await self._engine.ask(commands.StopRecording())

    async def end_session(self) -> None:
        """Leave; everything is free within a second. Twice is once."""
        await self._engine.ask(commands.EndSession())

    async def stay(self) -> None:
        """Answer the idle warning; the period starts anew."""
        await self._engine.ask(commands.Stay())

    def report_button(self, fact: ButtonReported) -> None:
        """A physical button; what it cannot do becomes an ``on_error``."""
        self._engine.report(fact)

    async def wait_ended(self) -> None:
        """Until everything is released."""
        await self._engine.ended.wait()


class Calls:
    """Starts calls, one at a time, and owns them: leaving its context ends the one that is on."""

    def __init__(
        self,
        new_media: Callable[[], MediaPort],
        new_exchange: Callable[[], ExchangePort],
        clock: Clock | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_change: Callable[[Snapshot], None] | None = None,
    ) -> None:
        """The factories give a fresh port for each call. ``on_event`` hears each event of each call
        from the first one on. ``on_change`` sees each new snapshot of each call; it must not raise."""
        self._new_media = new_media
        self._new_exchange = new_exchange
        self._clock = clock or LoopClock()
        self._on_event = on_event
        self._on_change = on_change
        self._tasks = asyncio.TaskGroup()
        self._is_starting = False
        self._running: asyncio.Task[None] | None = None
        self._call: CallSession | None = None

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._call is not None and not self._is_over:
                await self._call.end_session()
        finally:
            # Without the error: a group would wrap it, and the caller is to get it as it is.
            await self._tasks.__aexit__(None, None, None)

    @property
    def active(self) -> CallSession | None:
        """The call that is on."""
        return None if self._is_over else self._call

    @property
    def _is_over(self) -> bool:
        return self._running is None or self._running.done()

    async def start_session(self, token: CallToken, settings: CallSettings) -> CallSession:
        """Join; returns once the exchange has let this unit in.

        Raises CallInProgress (nothing changes), TokenRefused, ExchangeUnreachable, ExchangeError;
        then everything is released, and no event was told.
        """
        if self._is_starting or not self._is_over:
            raise CallInProgress("A call is on already. End it before starting another.")
        listeners = Listeners(self._on_event)
        if settings.listener is not None:
            listeners.add("settings", settings.listener)
        media = self._new_media()
        facings = await self._facings_of(media)
        exchange = self._new_exchange()
        engine = CallEngine(media, exchange, self._clock, listeners, self._on_change)
        self._running = self._tasks.create_task(_contained(engine), name="call")
        call = self._call = CallSession(engine, listeners, self._clock)
        start = commands.Start(token, settings, media.devices, facings)
        try:
            await engine.ask(start)
        except asyncio.CancelledError:
            engine.report(commands.EndSession())
            raise
        except Exception:
            await engine.ended.wait()
            raise
        if not call.snapshot.is_live:
            raise CallError("The session ended while it was being joined.")
        return call

    async def _facings_of(self, media: MediaPort) -> tuple[Facing, ...]:
        """In a thread: the first look at the cameras may take half a second."""
        self._is_starting = True
        try:
            return await asyncio.to_thread(lambda: media.facings)
        except BaseException:
            await media.aclose()
            raise
        finally:
            self._is_starting = False


async def _contained(engine: CallEngine) -> None:
    """A call that fails by a defect is logged and takes nothing along."""
    try:
        await engine.run()
    except Exception:
        logger.exception("a call failed by a defect")
