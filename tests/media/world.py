"""Several media engines in one process, their signals handed on in memory."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

import numpy as np

from device.media.engine import MediaEngine
from device.session.facts import MediaFact, PeerLinkLost, PeerLinkUp, SignalReady
from device.session.values import Signal
from hal import BLOCK_SAMPLES, SAMPLE_RATE_HZ, AudioMode, Facing, VideoFormat
from hal.audio.simulated import SimulatedAudioRouter
from hal.audio.sources import ToneSource
from hal.camera import stamp
from hal.camera.simulated import SimulatedCamera

SMALL = VideoFormat(width=320, height=180, frame_rate_hz=15, bitrate_bps=300_000)
WITHIN_S = 45
"""Patience: a busy machine may take a while, and a broken engine for ever."""


class Station:
    """One engine with simulated hardware, the facts that it reported, and what went wrong.

    Does what the session does: hands signals on, and asks for a new link when one was lost.
    """

    def __init__(self, uid: str, tone_hz: int, video: VideoFormat = SMALL) -> None:
        self.uid = uid
        self.camera = SimulatedCamera()
        self.audio = SimulatedAudioRouter(ToneSource(tone_hz))
        self.engine = MediaEngine(self.camera, self.audio, video, loopback_only=True)
        self.facts: list[MediaFact] = []
        self.changed = asyncio.Event()
        self.others: dict[str, Station] = {}
        self.offers: dict[str, bool] = {}
        self.failures: list[Exception] = []
        self._inbox: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._postman: asyncio.Task[None] | None = None
        self.engine.attach(self._take)

    def _take(self, fact: MediaFact) -> None:
        self.facts.append(fact)
        self.changed.set()
        if isinstance(fact, SignalReady) and fact.signal.peer in self.others:
            signal = fact.signal
            self.others[signal.peer].receive(
                Signal(self.uid, signal.link, signal.kind, signal.body)
            )
        elif isinstance(fact, PeerLinkLost) and fact.uid in self.offers:
            connect = partial(self.engine.connect_peer, fact.uid, self.offers[fact.uid])
            self._inbox.put_nowait(connect)

    def receive(self, signal: Signal) -> None:
        """A signal from the exchange, done after those before it."""
        self._inbox.put_nowait(partial(self.engine.deliver_signal, signal))

    async def _carry(self) -> None:
        while True:
            work = await self._inbox.get()
            try:
                await work()
            except Exception as error:
                self.failures.append(error)

    async def open(self, facing: Facing = Facing.FRONT) -> None:
        self._postman = asyncio.create_task(self._carry())
        await self.engine.open(AudioMode.SPEAKER, muted=False)
        await self.engine.open_camera(facing)

    async def close(self) -> None:
        self.offers.clear()
        if self._postman is not None:
            self._postman.cancel()
            await asyncio.gather(self._postman, return_exceptions=True)
        await self.engine.aclose()

    async def connect(self, uid: str, offer: bool) -> None:
        self.offers[uid] = offer
        await self.engine.connect_peer(uid, offer)

    async def wait_fact(self, fits: Callable[[MediaFact], bool], count: int = 1) -> None:
        async with asyncio.timeout(WITHIN_S):
            while sum(map(fits, self.facts)) < count:
                self.changed.clear()
                await self.changed.wait()

    async def wait_up(self, uid: str, count: int = 1) -> None:
        await self.wait_fact(lambda fact: fact == PeerLinkUp(uid), count)

    def told(self, kind: type[MediaFact]) -> list[MediaFact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def pictures(self, uid: str) -> int:
        frame = self.engine.latest_frame(uid)
        return frame.number if frame else 0

    def seen(self, uid: str) -> stamp.Stamp | None:
        """What the newest picture of a peer says of itself."""
        frame = self.engine.latest_frame(uid)
        if frame is None:
            return None
        height = frame.picture.height
        return stamp.read(np.asarray(frame.picture.to_ndarray(format="yuv420p")[:height]))

    async def sees(self, uid: str) -> None:
        """Wait for a picture that was taken after this call."""
        since_ms = time.time_ns() // 1_000_000

        def is_fresh() -> bool:
            shown = self.seen(uid)
            return shown is not None and shown.age_ms(since_ms) > 2**31  # modulo 2**32: not yet

        await until(is_fresh)

    def heard(self, seconds: float = 0.5) -> np.ndarray:
        """What the loudspeaker played last."""
        played = np.frombuffer(self.audio.played(AudioMode.SPEAKER), "<i2")
        return played[-int(seconds * SAMPLE_RATE_HZ) :]

    def loudest_hz(self, seconds: float = 0.5) -> float:
        """The strongest frequency of what the loudspeaker played last; 0 for silence."""
        return loudest_hz(self.heard(seconds))

    async def hears(self, tone_hz: float) -> None:
        await until(lambda: abs(self.loudest_hz() - tone_hz) < 5)

    async def hears_nothing(self, blocks: int = 30) -> None:
        """Wait until so many blocks in a row were all zero."""
        self.audio.forget_played()
        seconds = blocks * BLOCK_SAMPLES / SAMPLE_RATE_HZ

        def is_silent() -> bool:
            heard = self.heard(seconds)
            return len(heard) == blocks * BLOCK_SAMPLES and not heard.any()

        await until(is_silent)


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
    await _link([(one, other) for at, one in enumerate(stations) for other in stations[:at]])


async def connect_star(hub: Station, *points: Station) -> None:
    """Each point with the hub alone; the points make the offers."""
    introduce(hub, *points)
    await _link([(point, hub) for point in points])


async def _link(pairs: list[tuple[Station, Station]]) -> None:
    """The first of each makes the offer."""
    for one, other in pairs:
        await other.connect(one.uid, offer=False)
        await one.connect(other.uid, offer=True)
    for one, other in pairs:
        await one.wait_up(other.uid)
        await other.wait_up(one.uid)


async def until(condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Real media moves in real time: look again at each frame's time until it is so."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - frames and samples are no events
            await asyncio.sleep(0.02)
