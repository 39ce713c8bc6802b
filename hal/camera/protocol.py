"""What a camera is to the rest of the house: encoded H.264 out, keyframe and bitrate in."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hal.errors import CameraUnavailable


class Facing(Enum):
    """Which way a camera looks: FRONT at the person before the unit, REAR away from it."""

    FRONT = "front"
    REAR = "rear"


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What to encode. Profile is always constrained baseline, so that every browser decodes it."""

    width: int = 1280
    height: int = 720
    frame_rate_hz: int = 30
    bitrate_bps: int = 2_000_000

    def __post_init__(self) -> None:
        """Raises ValueError for what no camera of a board gives, or no browser takes."""
        if not (64 <= self.width <= 1920 and 64 <= self.height <= 1080):
            raise ValueError("width must be 64 to 1920, height 64 to 1080")
        if self.width % 2 or self.height % 2:
            raise ValueError("width and height must be even")
        if not 1 <= self.frame_rate_hz <= 60:
            raise ValueError("frame_rate_hz must be 1 to 60")
        if not 50_000 <= self.bitrate_bps <= 20_000_000:
            raise ValueError("bitrate_bps must be 50000 to 20000000")


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One access unit of H.264.

    ``data`` is Annex B; a keyframe (IDR) carries SPS and PPS in front. ``capture_time_ns`` is on the
    clock of ``time.monotonic_ns``, strictly increasing while the camera is open, across switches;
    ``encode_begun_ns``, on the same clock, is when the encoder got the picture; None if a board cannot
    say it.
    """

    data: bytes
    is_keyframe: bool
    capture_time_ns: int
    facing: Facing
    encode_begun_ns: int | None = None


FrameSink = Callable[[EncodedFrame], None]
"""Takes each frame as it leaves the encoder, in the camera's thread. Must not block."""

FailureSink = Callable[[CameraUnavailable], None]
"""Told once when an open camera stops for good (unplugged, silent), in a foreign thread.
The camera is closed by then."""


class Camera(Protocol):
    """One encoder over one or two sensors. Methods block (a second as a rule, up to ten where a driver
    hangs): call them off the loop.

    Not reentrant: one owner opens, switches and closes.
    """

    @property
    def facings(self) -> tuple[Facing, ...]:
        """The cameras present now, FRONT first."""

    @property
    def is_open(self) -> bool:
        """True from a successful ``open`` to ``close`` or a reported failure."""

    def open(
        self, facing: Facing, video: VideoFormat, on_frame: FrameSink, on_failure: FailureSink
    ) -> None:
        """Start the sensor and the encoder; the first frame is a keyframe.

        Raises CameraUnavailable (ABSENT, BUSY, SILENT, FAILED); then nothing is open.
        """

    def switch(self, facing: Facing) -> None:
        """Move the running encoder to the other sensor; its first frame there is a keyframe.

        Raises CameraUnavailable (ONLY_ONE, ABSENT, SILENT, DISCONNECTED); then the old one goes on.
        """

    def request_keyframe(self) -> None:
        """Make the next frame an IDR. Cheap, thread-safe; does nothing while closed."""

    def set_bitrate(self, bitrate_bps: int) -> None:
        """Change the encoder's target while it runs. Cheap, thread-safe."""

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """Change how many pictures are taken a second while it runs, at most as many as it was opened
        with; the bitrate stays. Cheap, thread-safe; does nothing while closed."""

    def snapshot(self, facing: Facing, video: VideoFormat) -> bytes:
        """A still picture, JPEG: of the camera that films, in its size, or of a closed one, which is
        opened for it as ``video`` says.

        Raises CameraUnavailable: BUSY while the other one films, else as ``open`` does.
        """

    def close(self) -> None:
        """Stop the sensor (its light goes out) and the encoder. Idempotent. No frame comes after."""
