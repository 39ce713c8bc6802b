"""Sends to several peers, in a process of its own, on this project's engine or on stock aiortc.

python -m tests.bench.sender_process ours|stock|encoding video|audio|timed-video TAPE
"""

import asyncio
import resource
import sys
import time
from pathlib import Path
from typing import Any, Protocol

from device.media.engine import MediaEngine
from device.session.facts import MediaFact, SignalReady
from device.session.values import Signal, SignalKind
from hal import AudioMode, Facing
from hal.audio.simulated import SimulatedAudioRouter
from hal.audio.sources import ToneSource
from tests.bench.child import serve
from tests.bench.stock_senders import TONE_HZ, RawVideoTrack, StockSenders, TapeTrack, ToneTrack
from tests.bench.stopwatch import Stopwatch
from tests.bench.tape import Tape, TapeCamera


class Senders(Protocol):
    """To peers by name."""

    async def offer(self, peer: str) -> str: ...

    async def accept(self, peer: str, answer: str) -> None: ...

    async def aclose(self) -> None: ...


class OurSenders:
    """The engine as a unit has it, with the tape for a camera."""

    def __init__(self, camera: TapeCamera) -> None:
        router = SimulatedAudioRouter(ToneSource(TONE_HZ))
        self._engine = MediaEngine(camera, router, loopback_only=True)
        self._engine.attach(self._take)
        self._offers: dict[str, Signal] = {}

    async def start(self, kind: str) -> None:
        if kind == "audio":
            await self._engine.open(AudioMode.SPEAKER, muted=False)
        else:
            await self._engine.open_camera(Facing.FRONT)

    def _take(self, fact: MediaFact) -> None:
        if isinstance(fact, SignalReady) and fact.signal.kind is SignalKind.OFFER:
            self._offers[fact.signal.peer] = fact.signal

    async def offer(self, peer: str) -> str:
        await self._engine.connect_peer(peer, offer=True)
        return self._offers[peer].body

    async def accept(self, peer: str, answer: str) -> None:
        link = self._offers[peer].link
        await self._engine.deliver_signal(Signal(peer, link, SignalKind.ANSWER, answer))

    async def aclose(self) -> None:
        await self._engine.aclose()


async def cost() -> dict[str, float]:
    """CPU of all threads, at the finest that the kernel has."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_s": used.ru_utime + used.ru_stime, "at_s": time.monotonic()}


async def main(engine: str, kind: str, path: str) -> None:
    works: dict[str, Any] = {"cost": cost}
    watch = None
    if kind == "timed-video":
        watch = Stopwatch()
        watch.install()
        works["latencies"] = watch.latencies
    camera = TapeCamera(Tape.load(Path(path)), watch.begin if watch else None)
    senders: Senders
    if engine == "ours":
        senders = OurSenders(camera)
        await senders.start(kind)
    elif engine == "encoding":
        raw = RawVideoTrack()
        works["given"] = lambda: asyncio.sleep(0, raw.given)
        senders = StockSenders(raw)
    else:
        senders = StockSenders(ToneTrack() if kind == "audio" else TapeTrack(camera))
    works |= {"offer": senders.offer, "accept": senders.accept}
    try:
        await serve(works)
    finally:
        camera.close()
        await senders.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
