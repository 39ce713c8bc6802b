"""A station in a process of its own, behind the relay, that can be killed."""

import asyncio
import multiprocessing
from dataclasses import replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Protocol, Self

from device.session.values import Signal
from hal import VideoFormat
from hal.camera.picture import PictureKind
from tests.bench.relay import Relay
from tests.media.world import SMALL, Station

NEAR, FAR = "near", "far"


class Near(Protocol):
    """A station, or another end that hands its signals to its others and takes theirs."""

    others: Any

    def receive(self, signal: Signal) -> None: ...


class FarStation:
    """The other end of ``near``'s link; hands signals on, with the relay's addresses."""

    def __init__(
        self,
        near: Near,
        relay: Relay,
        video: VideoFormat = SMALL,
        picture: PictureKind = PictureKind.CARD,
    ) -> None:
        """``video`` and ``picture``: what it sends."""
        self._near = near
        self._video = video
        self._picture = picture
        self._relay = relay
        self._is_alive = False

    async def __aenter__(self) -> Self:
        spawn = multiprocessing.get_context("spawn")
        self._line, theirs = spawn.Pipe()
        self._process = spawn.Process(
            target=_live, args=(theirs, self._video, self._picture), daemon=True
        )
        self._process.start()
        theirs.close()
        await asyncio.to_thread(self._line.recv)
        self._is_alive = True
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._hear)
        self._near.others = {FAR: self}
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        await asyncio.to_thread(self._process.join)

    def receive(self, signal: Signal) -> None:
        """From near, as a station's other."""
        if self._is_alive:
            self._line.send(replace(signal, body=self._relay.to_far(signal.body)))

    def kill(self) -> None:
        """At once, without a word to anybody."""
        if self._is_alive:
            self._is_alive = False
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self._process.kill()

    def _hear(self) -> None:
        signal: Signal = self._line.recv()
        self._near.receive(replace(signal, body=self._relay.to_near(signal.body)))


class _Near:
    """What the far station takes for the near one."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def receive(self, signal: Signal) -> None:
        self._line.send(signal)


def _live(line: Connection, video: VideoFormat, picture: PictureKind) -> None:
    asyncio.run(_be(line, video, picture))


async def _be(line: Connection, video: VideoFormat, picture: PictureKind) -> None:
    station = Station(FAR, 440, video)
    station.camera.picture = picture
    station.others = {NEAR: _Near(line)}  # type: ignore[dict-item]
    await station.open()
    await station.connect(NEAR, offer=False)
    asyncio.get_running_loop().add_reader(line.fileno(), lambda: station.receive(line.recv()))
    line.send("ready")
    await asyncio.Event().wait()
