"""Sources for a LiveCamera that need no hardware: test cards, encoded by x264, and faults on request."""

import threading
import time
from collections.abc import Iterable

import av

from hal import CameraFault, CameraUnavailable, Facing, VideoFormat
from hal.camera.encoder import SoftwareEncoder
from hal.camera.source import LossSink, SourceFrame, SourceSink
from hal.camera.testcard import TestCard
from hal.camera.timing import FramePacer

SENSOR_HZ = 60


class FilmSources:
    """Cameras that show test cards. ``silent``: they take no pictures; ``broken``: they do not open;
    ``hanging``: their driver says nothing until ``freed``."""

    def __init__(self, facings: Iterable[Facing] = Facing) -> None:
        self.present = tuple(facings)
        self.silent: set[Facing] = set()
        self.broken: set[Facing] = set()
        self.hanging: set[Facing] = set()
        self.freed = threading.Event()
        self.made: list[FilmSource] = []

    def look(self) -> tuple[Facing, ...]:
        return self.present

    def make(self, facing: Facing, video: VideoFormat) -> "FilmSource":
        if facing not in self.present:
            raise CameraUnavailable(CameraFault.ABSENT, f"No {facing.value} camera.")
        if any(source.facing is facing and not source.is_closed for source in self.made):
            raise CameraUnavailable(CameraFault.BUSY, "In use.")
        if facing in self.hanging:
            self.freed.wait(60.0)
        if facing in self.broken:
            raise CameraUnavailable(CameraFault.FAILED, "Broken.")
        self.made.append(FilmSource(self, facing, video))
        return self.made[-1]

    @property
    def open_facings(self) -> list[Facing]:
        return [source.facing for source in self.made if not source.is_closed]


class FilmSource:
    def __init__(self, sources: FilmSources, facing: Facing, video: VideoFormat) -> None:
        self.facing = facing
        self.is_closed = False
        self.bitrates: list[int] = []
        self._sources = sources
        self._card = TestCard(facing, video.width, video.height)
        self._encoder = SoftwareEncoder(video)
        self._pacer = FramePacer(video.frame_rate_hz)
        self._keyframe_wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.lose: LossSink = lambda loss: None
        self.deliver: SourceSink = lambda frame: None

    def start(self, on_frame: SourceSink, on_loss: LossSink) -> None:
        self._keyframe_wanted.set()
        self.lose, self.deliver = on_loss, on_frame
        self._thread = threading.Thread(target=self._film, args=(on_frame,), name="film")
        self._thread.start()

    def request_keyframe(self) -> None:
        self._keyframe_wanted.set()

    def set_bitrate(self, bitrate_bps: int) -> None:
        self.bitrates.append(bitrate_bps)

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._pacer.set_frame_rate(frame_rate_hz)

    def still(self, timeout_s: float) -> bytes:
        return self._card.still()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self.is_closed = True

    def _film(self, on_frame: SourceSink) -> None:
        number = 0
        while not self._stopping.wait(1 / SENSOR_HZ):
            now_ns = time.monotonic_ns()
            if self.facing in self._sources.silent or not self._pacer.takes(now_ns):
                continue
            keyframe = self._keyframe_wanted.is_set()
            self._keyframe_wanted.clear()
            picture = av.VideoFrame.from_ndarray(self._card.draw(number, 0), format="yuv420p")
            number += 1
            data, is_keyframe = self._encoder.encode_frame(picture, keyframe)
            on_frame(SourceFrame(data, is_keyframe, now_ns))
