"""What comes decoded from the peers: the newest picture is kept."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteFrame:
    """The newest decoded picture of a peer; ``arrived_ns`` on the clock of time.monotonic_ns."""

    picture: av.VideoFrame
    arrived_ns: int
    number: int


class Receiver:
    """Takes what one peer sends, over however many links after one another."""

    def __init__(self, uid: str) -> None:
        self._uid = uid
        self.frame: RemoteFrame | None = None
        self.pictures = 0

    async def drain(self, track: MediaStreamTrack, is_wanted: Callable[[], bool]) -> None:
        """Take every frame until the track ends; what is not drained piles up in aiortc. What comes
        while ``is_wanted`` says no is thrown away."""
        has_failed = False
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            try:
                if is_wanted():
                    self._take(frame)
            except Exception:
                if not has_failed:  # once, or a bad peer fills the log
                    logger.exception("A frame of %s could not be used", self._uid)
                has_failed = True

    def _take(self, frame: Any) -> None:
        self.pictures += 1
        self.frame = RemoteFrame(frame, time.monotonic_ns(), self.pictures)
