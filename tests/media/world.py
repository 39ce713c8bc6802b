"""Several media engines in one process, their signals handed on in memory."""

import asyncio
from collections.abc import Callable

import numpy as np

from device.media.engine import MediaEngine
from device.session.facts import MediaFact, PeerLinkUp, SignalReady
from device.session.values import Signal
from hal import SAMPLE_RATE_HZ, AudioMode, Facing, VideoFormat
from hal.audio.simulated import SimulatedAudioRouter
from hal.audio.sources import ToneSource
from hal.camera.simulated import SimulatedCamera

SMALL = VideoFormat(width=320, height=180, frame_rate_hz=15, bitrate_bps=300_000)


class Station:
    """One engine with simulated hardware, and the facts that it reported."""

    def __init__(self, uid: str, tone_hz: int, video: VideoFormat = SMALL) -> None:
        self.uid = uid
        self.camera = SimulatedCamera()
        self.audio = SimulatedAudioRouter(ToneSource(tone_hz))
        self.engine = MediaEngine(self.camera, self.audio, video, loopback_only=True)
        self.facts: list[MediaFact] = []
        self.changed = asyncio.Event()
        self.others: dict[str, Station] = {}
        self.failures: list[Exception] = []
        self._inbox: asyncio.Queue[Signal] = asyncio.Queue()
        self._postman: asyncio.Task[None] | None = None
        self.engine.attach(self._take)

    def _take(self, fact: MediaFact) -> None:
        self.facts.append(fact)
        self.changed.set()
        if isinstance(fact, SignalReady) and fact.signal.peer in self.others:
            signal = fact.signal
            self.others[signal.peer]._inbox.put_nowait(
                Signal(self.uid, signal.link, signal.kind, signal.body)
            )

    async def _carry(self) -> None:
        while True:
            signal = await self._inbox.get()
            try:
                await self.engine.deliver_signal(signal)
            except Exception as error:
                self.failures.append(error)

    async def open(self, facing: Facing = Facing.FRONT) -> None:
        self._postman = asyncio.create_task(self._carry())
        await self.engine.open(AudioMode.SPEAKER, muted=False)
        await self.engine.open_camera(facing)

    async def close(self) -> None:
        await self.engine.aclose()
        if self._postman is not None:
            self._postman.cancel()
            await asyncio.gather(self._postman, return_exceptions=True)

    async def wait_fact(self, fits: Callable[[MediaFact], bool], count: int = 1) -> None:
        async with asyncio.timeout(20):
            while sum(map(fits, self.facts)) < count:
                self.changed.clear()
                await self.changed.wait()

    async def wait_up(self, uid: str) -> None:
        await self.wait_fact(lambda fact: fact == PeerLinkUp(uid))

    def loudest_hz(self, seconds: float = 0.5) -> float:
        """The strongest frequency of what the loudspeaker played last; 0 for silence."""
        played = np.frombuffer(self.audio.played(AudioMode.SPEAKER), "<i2")
        return loudest_hz(played[-int(seconds * SAMPLE_RATE_HZ) :])


def loudest_hz(samples: np.ndarray) -> float:
    if len(samples) == 0 or np.abs(samples).max() < 100:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * SAMPLE_RATE_HZ / len(samples))


def introduce(*stations: Station) -> None:
    for station in stations:
        station.others = {other.uid: other for other in stations if other is not station}


async def connect(*stations: Station) -> None:
    """A full mesh; of two, the later in the list makes the offer."""
    introduce(*stations)
    for at, station in enumerate(stations):
        for other in stations[:at]:
            await other.engine.connect_peer(station.uid, offer=False)
            await station.engine.connect_peer(other.uid, offer=True)
    for station in stations:
        for uid in station.others:
            await station.wait_up(uid)


async def until(condition: Callable[[], bool], within_s: float = 15) -> None:
    """Real media moves in real time: look again at each frame's time until it is so."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - frames and samples are no events
            await asyncio.sleep(0.02)
