"""What a kind of camera must do so that hal.camera.live can make a Camera of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hal.camera.protocol import Facing, VideoFormat
from hal.errors import CameraUnavailable


@dataclass(frozen=True, slots=True)
class SourceFrame:
    """One access unit of H.264 (Annex B, parameter sets before an IDR), and when it was taken on the
    clock of ``time.monotonic_ns``."""

    data: bytes
    is_keyframe: bool
    capture_time_ns: int


SourceSink = Callable[[SourceFrame], None]
"""Takes each frame, in a thread of the source. Does not raise."""

LossSink = Callable[[CameraUnavailable], None]
"""Told that nothing more will come, in any thread. The source is still to be closed."""


class Source(Protocol):
    """One sensor with an encoder of its own, from its opening to its close. Not started at first."""

    def start(self, on_frame: SourceSink, on_loss: LossSink) -> None:
        """Let the sensor run; the first frame is a keyframe. Once. Raises CameraUnavailable."""

    def request_keyframe(self) -> None:
        """Make the next frame an IDR. Cheap, thread-safe."""

    def set_bitrate(self, bitrate_bps: int) -> None:
        """Cheap, thread-safe."""

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """Of the pictures that come, encode at most so many a second. Cheap, thread-safe."""

    def still(self, timeout_s: float) -> bytes:
        """The next picture of the running sensor as JPEG. Raises CameraUnavailable."""

    def close(self) -> None:
        """Stop and free everything. Idempotent; no frame comes after. Not in the source's thread."""


class Sources(Protocol):
    """The cameras of one kind that this board has."""

    def look(self) -> tuple[Facing, ...]:
        """Which are there now, FRONT first. May take half a second the first time. Raises
        CameraUnavailable where the configuration does not say which is which."""

    def make(self, facing: Facing, video: VideoFormat) -> Source:
        """Open one, of those that ``look`` found. Raises CameraUnavailable (ABSENT, BUSY, FAILED)."""
