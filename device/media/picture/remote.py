"""What is seen of a peer: the newest picture, over however many links after one another."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import av

from device.media.picture.counts import PictureCounts
from device.media.picture.freezes import FreezeMeter


@dataclass(frozen=True, slots=True)
class RemoteFrame:
    """The newest picture of a peer; ``arrived_ns``: when its time to be shown had come, on the clock of
    time.monotonic_ns."""

    picture: av.VideoFrame
    arrived_ns: int
    number: int


class RemotePictures:
    """Of one peer."""

    def __init__(self, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock_ns = clock_ns
        self.frame: RemoteFrame | None = None
        self._past = PictureCounts()
        self._freezes = FreezeMeter()

    def show(self, picture: av.VideoFrame) -> None:
        """This one from now on."""
        now_ns = self._clock_ns()
        self._freezes.shown(now_ns / 1e9)
        number = self.frame.number + 1 if self.frame else 1
        self.frame = RemoteFrame(picture, now_ns, number)

    def add_past(self, counts: PictureCounts) -> None:
        """The counters of a link that is gone."""
        self._past += counts

    def counts(self, present: PictureCounts) -> PictureCounts:
        """With those of the present link."""
        counts = self._past + present
        return replace(counts, freezes=self._freezes.count, frozen_s=self._freezes.frozen_s)
