"""A Camera over real sensors: who may open and switch what; hal.camera.filming does the rest."""

import logging
import threading
from functools import partial

from hal.camera.bounded import Openings, close_quietly, close_within
from hal.camera.filming import Filming
from hal.camera.protocol import Facing, FailureSink, FrameSink, VideoFormat
from hal.camera.source import Source, SourceFrame, Sources
from hal.camera.timing import Timing
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)

_SETTLED_FRAMES = 15
"""So many pictures until exposure and white balance have found the light; half a second."""


class LiveCamera:
    """A Camera over the sources of one kind: Raspberry Pi cameras, or USB ones."""

    def __init__(self, sources: Sources, timing: Timing | None = None) -> None:
        self._sources = sources
        self._timing = timing or Timing()
        self._filming: Filming | None = None

    @property
    def facings(self) -> tuple[Facing, ...]:
        try:
            return self._sources.look()
        except CameraUnavailable as error:  # told again, to a person, at the opening
            logger.warning("%s", error)
            return ()

    @property
    def is_open(self) -> bool:
        return self._filming is not None and self._filming.is_running

    def open(
        self, facing: Facing, video: VideoFormat, on_frame: FrameSink, on_failure: FailureSink
    ) -> None:
        """Returns with the first frame; besides the reasons of the protocol: SILENT."""
        if self.is_open:
            raise CameraUnavailable(CameraFault.BUSY, "The camera is open already.")
        self.close()
        found = self._sources.look()
        # Known before its first frame, who takes that may ask for something.
        self._filming = Filming(self._sources, video, on_frame, on_failure, self._timing)
        try:
            self._filming.begin(facing, next((it for it in found if it is not facing), None))
        except BaseException:
            self._filming = None
            raise

    def switch(self, facing: Facing) -> None:
        filming = self._opened()
        present = self._sources.look()
        if facing not in present:
            fault = CameraFault.ONLY_ONE if len(present) < 2 else CameraFault.ABSENT
            raise CameraUnavailable(fault, f"There is no {facing.value} camera on this unit.")
        filming.move_to(facing)

    def request_keyframe(self) -> None:
        if (filming := self._filming) is not None:
            filming.request_keyframe()

    def set_bitrate(self, bitrate_bps: int) -> None:
        """Raises ValueError below 1."""
        if bitrate_bps < 1:
            raise ValueError(f"bitrate_bps must be 1 or more, not {bitrate_bps}")
        if (filming := self._filming) is not None:
            filming.set_bitrate(bitrate_bps)

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """Raises ValueError below 1."""
        if frame_rate_hz < 1:
            raise ValueError(f"frame_rate_hz must be 1 or more, not {frame_rate_hz}")
        if (filming := self._filming) is not None:
            filming.set_frame_rate(frame_rate_hz)

    def snapshot(self, facing: Facing, video: VideoFormat) -> bytes:
        filming = self._filming
        if filming is None or not filming.is_running:
            self._sources.look()
            openings = Openings(self._timing.opens_within_s)
            make = partial(self._sources.make, facing, video)
            return self._still_of(openings.run(make, close_quietly), openings)
        if filming.facing is not facing:
            raise CameraUnavailable(
                CameraFault.BUSY, f"The other camera is filming. Switch to {facing.value} first."
            )
        return filming.still()

    def close(self) -> None:
        filming, self._filming = self._filming, None
        if filming is not None:
            filming.close()

    def _opened(self) -> Filming:
        if self._filming is None or not self._filming.is_running:
            raise CameraUnavailable(
                CameraFault.DISCONNECTED, "The camera is closed. Open it first."
            )
        return self._filming

    def _still_of(self, source: Source, openings: Openings) -> bytes:
        """Of a camera that is opened for this only."""
        settled = threading.Semaphore(0)

        def count(frame: SourceFrame) -> None:
            settled.release()

        start = partial(source.start, count, lambda loss: None)
        try:
            openings.run(start, lambda _: close_quietly(source))
            for _ in range(_SETTLED_FRAMES):
                if not settled.acquire(timeout=self._timing.starts_within_s):
                    raise CameraUnavailable(
                        CameraFault.SILENT, "No picture comes. Check the camera's cable."
                    )
            return source.still(self._timing.starts_within_s)
        finally:
            close_within(source, self._timing.closes_within_s)
