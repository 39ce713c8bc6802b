"""Somebody who hears a voice over the relay, in a process of their own."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, Self

import numpy as np

from device.media.engine import MediaEngine
from device.session.facts import MediaFact, SignalReady
from device.session.values import Signal
from hal import AudioMode
from hal.audio.simulated import SimulatedAudioRouter
from hal.camera.simulated import SimulatedCamera
from tests.bench.hearing import Recording
from tests.bench.relay import Relay
from tests.bench.stock_media import StockMedia, use_loopback

TALKER = "talker"
TakeSignal = Callable[[Signal], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """``concealed``: share of what was played that the listener made up; None: it does no such thing."""

    recording: Recording
    concealed: float | None


class Loudspeaker(SimulatedAudioRouter):
    """Remembers everything, and when each block was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[bytes] = []
        self.times_s: list[float] = []

    def keep_played(self, mode: AudioMode, block: bytes) -> None:
        self.times_s.append(time.monotonic())
        self.blocks.append(block)

    def recording(self) -> Recording:
        count = len(self.times_s)
        sound = np.frombuffer(b"".join(self.blocks[:count]), "<i2") / 32_768
        return Recording(sound, np.array(self.times_s[: len(self.blocks)]))


class ProcessListener:
    """``is_ours``: this engine. Signals that it makes go to ``take``, with the relay's address."""

    def __init__(self, uid: str, is_ours: bool, relay: Relay, take: TakeSignal) -> None:
        self._uid = uid
        self._is_ours = is_ours
        self._relay = relay
        self._take = take
        self._heard: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        spawn = multiprocessing.get_context("spawn")
        self._line, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_live, args=(theirs, self._is_ours), daemon=True)
        self._process.start()
        theirs.close()
        await asyncio.to_thread(self._line.recv)
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._hear)
        return self

    async def __aexit__(self, *error: object) -> None:
        asyncio.get_running_loop().remove_reader(self._line.fileno())
        self._line.close()
        await asyncio.to_thread(self._process.join)

    async def deliver(self, signal: Signal) -> None:
        """From the talker."""
        body = self._relay.to_far(signal.body)
        self._line.send(replace(signal, peer=TALKER, body=body))

    async def heard(self) -> Heard:
        """Everything since the start; asked once."""
        self._line.send(None)
        return await self._heard

    def _hear(self) -> None:
        what: Signal | Heard = self._line.recv()
        if isinstance(what, Heard):
            self._heard.set_result(what)
        else:
            self._take(replace(what, peer=self._uid, body=self._relay.to_near(what.body)))


def _live(line: Connection, is_ours: bool) -> None:
    asyncio.run(_listen(line, is_ours))


async def _listen(line: Connection, is_ours: bool) -> None:
    loudspeaker = Loudspeaker()
    engine: Any
    if is_ours:
        engine = MediaEngine(SimulatedCamera(), loudspeaker, loopback_only=True)
    else:
        use_loopback()
        engine = StockMedia(loudspeaker, listens_only=True)

    def report(fact: MediaFact) -> None:
        if isinstance(fact, SignalReady):
            line.send(fact.signal)

    engine.attach(report)
    await engine.open(AudioMode.SPEAKER, muted=True)
    await engine.connect_peer(TALKER, offer=False)
    inbox: asyncio.Queue[Signal | None] = asyncio.Queue()
    over = asyncio.Event()

    def read() -> None:
        try:
            inbox.put_nowait(line.recv())
        except EOFError:
            asyncio.get_running_loop().remove_reader(line.fileno())
            inbox.put_nowait(None)
            over.set()

    asyncio.get_running_loop().add_reader(line.fileno(), read)
    line.send("ready")
    while (signal := await inbox.get()) is not None:
        await engine.deliver_signal(signal)
    if not over.is_set():
        line.send(Heard(loudspeaker.recording(), _concealed(engine) if is_ours else None))
    await over.wait()
    await engine.aclose()


def _concealed(engine: MediaEngine) -> float:
    voice = engine.statistics().peers[TALKER].voice
    return voice.concealed_samples / max(voice.played_samples, 1)
