"""A stream encoded beforehand, and what plays it: for benchmarks of sending and nothing else."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hal import EncodedFrame, Facing, VideoFormat
from hal.camera.encoder import SoftwareEncoder
from hal.camera.protocol import FailureSink, FrameSink
from hal.camera.testcard import TestCard

FRAMES = 60
"""One keyframe, and 2 s to the next."""
NOISE = 16
"""Grain on the pictures, in steps of luma, so that the encoder uses the whole of its rate."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Access units (Annex B) of one keyframe interval, to be played over and over."""

    units: tuple[bytes, ...]
    frame_rate_hz: int

    @property
    def bitrate_bps(self) -> float:
        return sum(map(len, self.units)) * 8 * self.frame_rate_hz / len(self.units)

    def save(self, path: Path) -> None:
        units = [base64.b64encode(unit).decode() for unit in self.units]
        path.write_text(json.dumps({"frame_rate_hz": self.frame_rate_hz, "units": units}))

    @classmethod
    def load(cls, path: Path) -> "Tape":
        said = json.loads(path.read_text())
        return cls(tuple(map(base64.b64decode, said["units"])), said["frame_rate_hz"])


def pictures(video: VideoFormat) -> Iterator[np.ndarray]:
    """Of the test card, with grain: planar YUV 4:2:0."""
    card, grain = TestCard(Facing.FRONT, video.width, video.height), np.random.default_rng(3)
    for number in range(FRAMES):
        picture = card.draw(number, number * 33_333_333).astype(np.int16)
        luma = picture[: video.height]
        luma += grain.integers(-NOISE, NOISE + 1, luma.shape, dtype=np.int16)
        yield picture.clip(0, 255).astype(np.uint8)


def record(video: VideoFormat) -> Tape:
    encoder = SoftwareEncoder(video)
    units = (encoder.encode(each, number == 0)[0] for number, each in enumerate(pictures(video)))
    return Tape(tuple(units), video.frame_rate_hz)


class TapeCamera:
    """A camera (hal.Camera) that plays a tape, in a thread, and heeds no wishes."""

    facings = (Facing.FRONT,)

    def __init__(self, tape: Tape, on_play: Callable[[int, bool], None] | None = None) -> None:
        """``on_play`` is told the number of each frame, and whether it is a keyframe, just before."""
        self._tape = tape
        self._on_play = on_play
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        return self._thread is not None

    def open(
        self, facing: Facing, video: VideoFormat, on_frame: FrameSink, on_failure: FailureSink
    ) -> None:
        self._thread = threading.Thread(target=self._play, args=(on_frame,), name="camera")
        self._thread.start()

    def switch(self, facing: Facing) -> None:
        """There is but one."""

    def request_keyframe(self) -> None:
        """The next one comes when it comes."""

    def set_bitrate(self, bitrate_bps: int) -> None:
        """It is encoded already."""

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """It is filmed already."""

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _play(self, on_frame: FrameSink) -> None:
        units, rate_hz = self._tape.units, self._tape.frame_rate_hz
        start_ns, number = time.monotonic_ns(), 0
        while True:
            due_ns = start_ns - (-number * 1_000_000_000 // rate_hz)
            if self._stopping.wait(max(0, due_ns - time.monotonic_ns()) / 1e9):
                return
            place = number % len(units)
            if self._on_play is not None:
                self._on_play(number, place == 0)
            on_frame(EncodedFrame(units[place], place == 0, due_ns, Facing.FRONT))
            number += 1
