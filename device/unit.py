"""A running unit: in its session for as long as nobody ends it, called into others, rung, pressed at."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from device.config import Config, Decoder, EchoCanceller
from device.control.broadcast import Broadcast
from device.control.door import DoorButton
from device.control.lamps import LampPanel
from device.doctor.hardware import Parts, parts_of
from device.errors import CallboxError, CallInProgress, ExchangeUnreachable, NotInSession
from device.exchange.client import ExchangeAccount
from device.exchange.client.retry import WAIT_S
from device.media.engine import MediaEngine
from device.media.statistics import DriverCalls
from device.phone.events import PhoneEvent
from device.phone.table import Phase
from device.reporter import Reporter, Tell
from device.service.heartbeat import Health
from device.service.reading import pending, reading_of, words_of
from device.service.standstill import Part, Reading, StandstillWatch
from device.session.call import Calls, CallSession
from device.session.events import Event
from device.session.facts import ButtonReported
from device.session.gestures import Action, Gestures, press_of
from device.session.values import CallToken, EndReason
from device.unit_phone import UnitPhone
from hal.hardware import Hardware

logger = logging.getLogger(__name__)

RETRY_FIRST_S = 1.0
RETRY_LONGEST_S = 60.0
LIVED_S = 60.0
"""After a call of so long the unit tries again soon; a shorter one counts as a failure."""
CHOSEN = {
    EndReason.LOCAL_END: "It was ended here.",
    EndReason.IDLE_TIMEOUT: "Nobody came; see idle_timeout_s under [call].",
    EndReason.REMOVED: "Somebody removed this unit from the session.",
    EndReason.REPLACED: "The same account joined from elsewhere; each unit needs its own.",
}
"""Ends that a person wanted, or has to mend; after any other the unit joins again."""
HOPELESS = frozenset({"sign_in_refused"})
"""Refusals that no trying again will change."""


@dataclass(slots=True)
class Unit:
    """A running unit. ``media`` is the engine of the call that is on, or was last. ``tell`` hears, in
    words, what goes wrong. ``events`` of every call and of the phone, and ``presses`` of its buttons can
    be watched."""

    config: Config
    hardware: Hardware
    account: ExchangeAccount
    calls: Calls
    lamps: LampPanel
    door: DoorButton
    loopback_only: bool = False
    tell: Tell = logger.warning
    media: MediaEngine | None = None
    session: str = ""
    """What it joins: the configured one, or the one that it was called into."""
    last_word: str = ""
    events: Broadcast[Event | PhoneEvent] = field(default_factory=Broadcast)
    presses: Broadcast[ButtonReported] = field(default_factory=Broadcast)
    _joining: asyncio.Lock = field(default_factory=asyncio.Lock)
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _checks: DriverCalls = DriverCalls()
    _is_trying: bool = False
    _gestures: Gestures = field(init=False)
    phone: UnitPhone = field(init=False)
    _free: asyncio.Event = field(default_factory=asyncio.Event)
    """Not while the phone has the unit."""

    def __post_init__(self) -> None:
        self.session = self.session or self.config.unit.session
        self._gestures = Gestures(self.config.buttons.holds)
        self.phone = UnitPhone(
            self.config,
            self.account,
            self.hardware.audio,
            self,
            self.say,
            self.lamps.show_trouble,
            self.events.tell,
        )
        self._free.set()

    def parts(self) -> Parts:
        """The hardware, for who checks it."""
        return parts_of(self.hardware, self.config, is_claimed=True)

    @asynccontextmanager
    async def alone_with_hardware(self) -> AsyncIterator[bool]:
        """Whether no call is on; then none begins until the context is left."""
        async with self._joining:
            if self.calls.active is None:
                self._checks = DriverCalls(self._checks.begun + 1, self._checks.ended)
                try:
                    yield True
                finally:
                    self._checks = DriverCalls(self._checks.begun, self._checks.ended + 1)
                return
        yield False

    def say(self, words: str) -> None:
        """Tell a person, and remember it for who asks later."""
        self.last_word = words
        self.tell(words)

    def new_media(self) -> MediaEngine:
        self.media = MediaEngine(
            self.hardware.camera,
            self.phone.audio,
            self.config.video,
            self.loopback_only,
            self.config.media.echo_canceller is EchoCanceller.WEBRTC,
            self.config.media.decoder is Decoder.BOARD,
        )
        return self.media

    async def join(self, session_id: str) -> CallSession:
        """Sign in, get a token, start the session. Raises ExchangeError and CallError kinds."""
        self.last_word = ""
        auth_token = await self.account.sign_in()
        token = await self.account.generate_token(session_id, auth_token)
        return await self._start(token, self.config.call.audio_only)

    async def _start(self, token: CallToken, audio_only: bool) -> CallSession:
        settings = replace(self.config.call, audio_only=audio_only, listener=Reporter(self.say))
        call = await self.calls.start_session(token, settings)
        self.lamps.show_trouble(False)
        return call

    def hold(self, is_held: bool) -> None:
        """For the phone: while it is held, the unit does not go into its own session."""
        if is_held:
            self._free.clear()
        else:
            self._free.set()

    async def enter(self, token: CallToken, audio_only: bool) -> CallSession:
        """For the phone: into the session of its call; the one that is on ends first."""
        async with self._joining:
            await self._end_active()
            try:
                return await self._start(token, audio_only)
            except asyncio.CancelledError:
                await self._end_active()
                raise

    async def _end_active(self) -> bool:
        """Whether there was one. Until everything is released."""
        call = self.calls.active
        if call is not None:
            await call.end_session()
            await call.wait_ended()
        return call is not None

    async def go_into(self, session_id: str | None = None) -> CallSession:
        """Be in this session, else in the configured one. In it already, nothing happens.

        Raises CallInProgress in another one, or in a phone call, and what ``join`` raises.
        """
        wanted = session_id or self.config.unit.session
        async with self._joining:
            call = self.calls.active
            if not self._free.is_set():
                raise CallInProgress("The unit is in a phone call. End it first: callbox end.")
            if call is not None and not call.snapshot.is_live:
                await call.wait_ended()
                call = None
            if call is not None and call.session_id != wanted:
                raise CallInProgress(
                    f"The unit is in the session {call.session_id}. End it first: callbox end."
                )
            if call is None:
                call = await self.join(wanted)
                self.session = wanted
                self._called.set()
            return call

    async def end(self) -> None:
        """Cancel the call that the phone makes, else end the one that it is in, else leave the session,
        or give up trying to be in it. Raises NotInSession where there is nothing to end."""
        if self.phone.state.call is not None:
            call = self.calls.active if self.phone.state.phase is Phase.IN_CALL else None
            await self.phone.hang_up()
            if call is not None:
                await call.wait_ended()
            return
        async with self._joining:
            if await self._end_active():
                return
            if not self._is_trying:
                raise NotInSession(
                    "No call is on. Begin one with `callbox call` or `callbox join`."
                )
            self._is_trying = False
            self.lamps.show_trouble(False)
            self._called.set()

    async def stay(self) -> None:
        """Be a phone, and in the session: ``run``, and after each end wait until the unit is to join
        again. Raises as ``run`` does."""
        lives = {
            asyncio.create_task(self.phone.run()),
            asyncio.create_task(self._stay_in_session()),
        }
        try:
            done, _ = await asyncio.wait(lives, return_when=asyncio.FIRST_COMPLETED)
            for life in done:
                await life
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)

    async def _stay_in_session(self) -> None:
        while True:
            if self.session:
                await self.run()
            if self.calls.active is None or not self._free.is_set():
                self._called.clear()
                self.session = self.config.unit.session  # another one was for that call
                waiting = "Waiting for `callbox join`." if self.session else "Waiting to be rung."
                self.tell(waiting)
                self.last_word = f"{self.last_word} {waiting}".strip()
                await self._called.wait()

    async def run(self) -> None:
        """Be in the session until a person ends it. It goes on trying, ever more slowly,
        and tells why it is not in it right now.

        Raises ExchangeError for an account that the exchange does not take.
        """
        clock = asyncio.get_running_loop().time
        retry_s = RETRY_FIRST_S
        self._is_trying = True
        while self._is_trying:
            await self._free.wait()
            began_s = clock()
            try:
                if await self._one_call():
                    break
                if not self._free.is_set():
                    continue
                if clock() - began_s > LIVED_S:
                    retry_s = RETRY_FIRST_S
            except CallboxError as error:
                may_help = isinstance(error, ExchangeUnreachable) or self.config.unit.rejoin
                if error.code in HOPELESS or not may_help:
                    raise
                retry_s = max(retry_s, WAIT_S.get(error.code, 0.0))
                self.lamps.show_trouble(True)
                self.say(f"{error} Trying again in {retry_s:.0f} s.")
            await self._pause(retry_s)
            retry_s = min(2 * retry_s, RETRY_LONGEST_S)
        self._is_trying = False

    async def _one_call(self) -> bool:
        """From the join to the end; whether it is to stay ended."""
        async with self._joining:
            if not self._free.is_set():
                return False
            call = self.calls.active or await self.join(self.session)
        self.tell(f"In the session {call.session_id}.")
        await call.wait_ended()
        if not self._free.is_set():
            return False  # it made room for the phone
        reason = call.snapshot.end_reason or EndReason.FAILED
        self.lamps.show_trouble(reason not in CHOSEN)
        self.say(f"The call is over ({reason.value}). {CHOSEN.get(reason, '')}".strip())
        return reason in CHOSEN or not self.config.unit.rejoin

    async def _pause(self, seconds: float) -> None:
        """Unless the unit is called, or told to end, meanwhile."""
        self._called.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._called.wait()

    def health(self, watch: StandstillWatch, now_s: float) -> Health:
        """What systemd's watchdog is to know (docs/adr/0012)."""
        self.hardware.board.watch()
        call = self.calls.active
        snapshot = None if call is None else call.snapshot
        reading: Reading = pending(Part.CHECK, self._checks)
        if self.media is not None:
            reading = {**reading, **reading_of(snapshot, self.media.statistics())}
        return Health(words_of(snapshot), watch.look(reading, now_s))

    def open_door(self) -> float:
        """For the configured time, in seconds. Raises OutputsUnavailable. Thread-safe."""
        open_s = self.config.buttons.door_open_s
        self.hardware.outputs.open_door(open_s)
        self.tell(f"The door is open for {open_s:g} s.")
        return open_s

    def on_button(self, fact: ButtonReported) -> None:
        """First the phone's, then the session's; outside both only the call button and the door's do
        something."""
        self.presses.tell(fact)
        action, call = self._gestures.action(fact), self.calls.active
        if action is Action.OPEN_DOOR:
            self.door.press()
        elif self.phone.take(action, call):
            pass
        elif call is not None and action is not Action.NOTHING:
            call.report_button(press_of(action))
        elif action is Action.CALL and self.phone.state.call is None:
            self._called.set()
