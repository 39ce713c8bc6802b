"""What comes decoded from the peers: sound into the mixer, the newest picture kept."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from device.media.playout.mixer import Mixer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteFrame:
    """The newest decoded picture of a peer; ``arrived_ns`` on the clock of time.monotonic_ns."""

    picture: av.VideoFrame
    arrived_ns: int
    number: int


class Receiver:
    """Takes what one peer sends, over however many links after one another."""

    def __init__(self, uid: str, mixer: Mixer) -> None:
        self._uid = uid
        self._mixer = mixer
        self.frame: RemoteFrame | None = None
        self.pictures = 0
        self.sound_frames = 0

    async def drain(self, track: MediaStreamTrack, is_wanted: Callable[[], bool]) -> None:
        """Take every frame until the track ends; what is not drained piles up in aiortc. What comes
        while ``is_wanted`` says no is thrown away."""
        take = self._take_sound if track.kind == "audio" else self._take_picture
        has_failed = False
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            try:
                if is_wanted():
                    take(frame)
            except Exception:
                if not has_failed:  # once, or a bad peer fills the log
                    logger.exception("A frame of %s could not be used", self._uid)
                has_failed = True

    def _take_sound(self, frame: Any) -> None:
        self.sound_frames += 1
        self._mixer.put(self._uid, mono(frame))

    def _take_picture(self, frame: Any) -> None:
        self.pictures += 1
        self.frame = RemoteFrame(frame, time.monotonic_ns(), self.pictures)


def mono(frame: av.AudioFrame) -> NDArray[np.int16]:
    """The samples of an interleaved 16 bit frame, its channels averaged."""
    samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
    return (samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)).astype(np.int16)
