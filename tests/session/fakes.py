"""A world for a call that a test turns by hand: clock, media, exchange, listener."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from device.session.call import Calls, CallSession
from device.session.events import METHODS
from device.session.ports import (
    IceServer,
    JoinedSession,
    ReportExchange,
    ReportMedia,
    RosterEntry,
    Timer,
)
from device.session.settings import CallSettings
from device.session.values import CallToken, MediaState, Participant, Signal
from hal import AudioDevice, AudioMode, Facing

ME = Participant("door", "Front door")
ANA = Participant("ana", "Ana")
BEN = Participant("ben", "Ben")
TOKEN = CallToken("hall", "a.b.c")
SPEAKER = AudioDevice(AudioMode.SPEAKER, "Loudspeaker", True)
EARPIECE = AudioDevice(AudioMode.EARPIECE, "Earpiece", True)
HEADPHONES = AudioDevice(AudioMode.HEADPHONES, "Headphones", False)
BLUETOOTH = AudioDevice(AudioMode.BLUETOOTH, "Headset", True)


def entry(who: Participant, we_offer: bool = True) -> RosterEntry:
    return RosterEntry(who, MediaState(), we_offer)


@dataclass
class _ManualTimer:
    when_s: float
    callback: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


@dataclass
class ManualClock:
    """Time stands still until ``advance``."""

    time_s: float = 1000.0
    timers: list[_ManualTimer] = field(default_factory=list)

    def now_s(self) -> float:
        return self.time_s

    def call_at(self, when_s: float, callback: Callable[[], None]) -> Timer:
        timer = _ManualTimer(when_s, callback)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        end_s = self.time_s + seconds
        while due := [t for t in self.timers if not t.is_cancelled and t.when_s <= end_s]:
            timer = min(due, key=lambda each: each.when_s)
            self.timers.remove(timer)
            self.time_s = max(self.time_s, timer.when_s)
            timer.callback()
        self.time_s = end_s


class _Port:
    """Notes what is asked of it; fails or waits where it was told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.finished: list[str] = []
        self.failures: dict[str, Exception] = {}
        self.failures_once: dict[str, Exception] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.is_closed = False

    async def note(self, name: str, *arguments: object) -> None:
        self.asked.append((name, *arguments))
        if name in self.gates:
            await self.gates[name].wait()
        if name in self.failures:
            raise self.failures[name]
        if name in self.failures_once:
            raise self.failures_once.pop(name)
        self.finished.append(name)

    def names(self) -> list[object]:
        return [asked[0] for asked in self.asked]

    async def reached(self, name: str) -> None:
        """Until it has been asked for this; what comes before may have been done in a thread."""
        async with asyncio.timeout(5):
            while name not in self.names():  # noqa: ASYNC110
                await asyncio.sleep(0)

    def last(self, name: str) -> tuple[object, ...]:
        return next(asked for asked in reversed(self.asked) if asked[0] == name)


class FakeMedia(_Port):
    """As the real engine does, it closes a camera only after an opening that has begun."""

    def __init__(self) -> None:
        super().__init__()
        self._camera_lock = asyncio.Lock()
        self.devices: tuple[AudioDevice, ...] = (EARPIECE, SPEAKER)
        self.facings: tuple[Facing, ...] = (Facing.FRONT, Facing.REAR)
        self.report: ReportMedia = lambda fact: None

    def attach(self, report: ReportMedia) -> None:
        self.report = report

    async def open(self, mode: AudioMode, muted: bool) -> None:
        await self.note("open", mode, muted)

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        self.asked.append(("use_ice_servers", servers))

    async def set_microphone_muted(self, muted: bool) -> None:
        await self.note("set_microphone_muted", muted)

    async def open_camera(self, facing: Facing) -> None:
        async with self._camera_lock:
            await self.note("open_camera", facing)

    async def close_camera(self) -> None:
        await self.note("close_camera")

    async def switch_camera(self, facing: Facing) -> None:
        await self.note("switch_camera", facing)

    async def select_route(self, mode: AudioMode) -> None:
        await self.note("select_route", mode)

    async def connect_peer(self, uid: str, offer: bool) -> None:
        await self.note("connect_peer", uid, offer)

    async def deliver_signal(self, signal: Signal) -> None:
        await self.note("deliver_signal", signal)

    async def disconnect_peer(self, uid: str) -> None:
        await self.note("disconnect_peer", uid)

    async def aclose(self) -> None:
        async with self._camera_lock:
            await self.note("aclose")
        self.is_closed = True


class FakeExchange(_Port):
    def __init__(self) -> None:
        super().__init__()
        self.others: tuple[RosterEntry, ...] = ()
        self.audio_only: bool | None = None
        self.report: ReportExchange = lambda fact: None

    async def join(
        self, token: CallToken, state: MediaState, audio_only: bool, report: ReportExchange
    ) -> JoinedSession:
        self.report = report
        await self.note("join", token, state, audio_only)
        session_is_audio = audio_only if self.audio_only is None else self.audio_only
        grants = frozenset({"publish", "subscribe"})
        return JoinedSession(token.session_id, ME, self.others, grants, session_is_audio)

    async def send_signal(self, signal: Signal) -> None:
        await self.note("send_signal", signal)

    async def publish_state(self, state: MediaState) -> None:
        await self.note("publish_state", state)

    async def request_video(self) -> None:
        await self.note("request_video")

    async def accept_video(self) -> None:
        await self.note("accept_video")

    async def leave(self) -> None:
        await self.note("leave")

    async def aclose(self) -> None:
        await self.note("aclose")
        self.is_closed = True


class Ear:
    """A listener that notes everything, as (method without ``on_``, arguments)."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[object, ...]]] = []
        self._changed = asyncio.Event()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name not in METHODS.values():
            raise AttributeError(name)

        def note(*arguments: object) -> None:
            self.heard.append((name.removeprefix("on_"), arguments))
            self._changed.set()

        return note

    def names(self) -> list[str]:
        return [name for name, _ in self.heard]

    def of(self, name: str) -> list[tuple[object, ...]]:
        return [arguments for heard, arguments in self.heard if heard == name]

    async def wait_for(self, name: str, count: int = 1) -> tuple[object, ...]:
        """The arguments of the ``count``-th event of a name, once it has come."""
        async with asyncio.timeout(5):
            while len(self.of(name)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(name)[count - 1]


async def settle() -> None:
    """Until everything that can happen by itself has happened: nothing here waits for real I/O."""
    for _ in range(50):
        await asyncio.sleep(0)


class World:
    """Everything around one unit."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.media = FakeMedia()
        self.exchange = FakeExchange()
        self.ear = Ear()
        self.calls = Calls(lambda: self.media, lambda: self.exchange, self.clock)

    async def start(self, **settings: object) -> CallSession:
        """Join with these settings; what the start set off has been done when it returns."""
        call = await self.calls.start_session(
            TOKEN,
            CallSettings(listener=self.ear, **settings),  # type: ignore[arg-type]
        )
        await settle()
        return call

    async def settle(self) -> None:
        """Until what was reported so far has been taken and done."""
        await settle()
