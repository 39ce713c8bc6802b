"""Two cameras that are not there, with the rules of those that are.

:class:`SimulatedSensors` is the hardware: what is plugged in and who holds it. Several
:class:`SimulatedCamera` may share it, as several programs share a board; one at a time gets it.
"""

import logging
import threading
import time
from dataclasses import dataclass

from hal.camera.picture import PictureKind
from hal.camera.protocol import EncodedFrame, Facing, FailureSink, FrameSink, VideoFormat
from hal.camera.testcard import TestCard
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)

SILENT_AFTER_S = 2.0
"""A camera without a frame for so long has failed."""

_REMEDY = "Check the ribbon cable."


class SimulatedSensors:
    """The cameras of a simulated board. Thread-safe; a test or a demo turns its knobs."""

    def __init__(self, facings: tuple[Facing, ...] = (Facing.FRONT, Facing.REAR)) -> None:
        self._lock = threading.Lock()
        self._present = set(facings)
        self._silent: set[Facing] = set()
        self._holder: object | None = None
        self._next_fault: CameraFault | None = None

    @property
    def facings(self) -> tuple[Facing, ...]:
        with self._lock:
            return tuple(facing for facing in Facing if facing in self._present)

    def plug(self, facing: Facing) -> None:
        """Connect a camera, working."""
        with self._lock:
            self._present.add(facing)
            self._silent.discard(facing)

    def unplug(self, facing: Facing) -> None:
        """Pull its cable."""
        with self._lock:
            self._present.discard(facing)

    def go_silent(self, facing: Facing) -> None:
        """It stays connected and delivers nothing more, as a hung sensor does."""
        with self._lock:
            self._silent.add(facing)

    def fail_next_open(self, fault: CameraFault) -> None:
        """Refuse the next opening for this reason."""
        with self._lock:
            self._next_fault = fault

    def is_silent(self, facing: Facing) -> bool:
        with self._lock:
            return facing in self._silent

    def acquire(self, holder: object, facing: Facing) -> None:
        """Raises CameraUnavailable (ABSENT, BUSY, or as told)."""
        with self._lock:
            fault, self._next_fault = self._next_fault, None
            if fault is not None:
                raise CameraUnavailable(fault, f"The {facing.value} camera failed. {_REMEDY}")
            if facing not in self._present:
                raise CameraUnavailable(CameraFault.ABSENT, f"No {facing.value} camera. {_REMEDY}")
            if self._holder is not None:
                raise CameraUnavailable(
                    CameraFault.BUSY,
                    "The camera is in use by another program. Stop that one first.",
                )
            self._holder = holder

    def release(self, holder: object) -> None:
        with self._lock:
            if self._holder is holder:
                self._holder = None


class SimulatedCamera:
    """A Camera over SimulatedSensors: a test card, encoded by x264 in a thread of its own.

    The pictures say which frame of which camera they are: see hal.camera.stamp.
    """

    def __init__(
        self,
        sensors: SimulatedSensors | None = None,
        silent_after_s: float = SILENT_AFTER_S,
        picture: PictureKind = PictureKind.CARD,
    ) -> None:
        self.sensors = sensors or SimulatedSensors()
        self.picture = picture
        self.encoded_frames = 0
        """Invocations of the encoder since the start."""
        self._silent_after_s = silent_after_s
        self._run: _Run | None = None

    @property
    def facings(self) -> tuple[Facing, ...]:
        return self.sensors.facings

    @property
    def is_open(self) -> bool:
        return self._run is not None and self._run.is_running

    def open(
        self, facing: Facing, video: VideoFormat, on_frame: FrameSink, on_failure: FailureSink
    ) -> None:
        self.sensors.acquire(self, facing)
        try:
            self._run = _Run(self, facing, video, on_frame, on_failure, self._silent_after_s)
            self._run.start()
        except BaseException:
            self.sensors.release(self)
            raise

    def switch(self, facing: Facing) -> None:
        run = self._run
        if run is None or not run.is_running:
            raise CameraUnavailable(
                CameraFault.DISCONNECTED, "The camera is closed. Open it first."
            )
        present = self.sensors.facings
        if facing not in present:
            fault = CameraFault.ONLY_ONE if len(present) < 2 else CameraFault.ABSENT
            raise CameraUnavailable(fault, f"There is no {facing.value} camera on this unit.")
        run.move_to(facing)

    def request_keyframe(self) -> None:
        run = self._run
        if run is not None:
            run.keyframe_wanted.set()

    def set_bitrate(self, bitrate_bps: int) -> None:
        """Raises ValueError below 1."""
        if bitrate_bps < 1:
            raise ValueError(f"bitrate_bps must be 1 or more, not {bitrate_bps}")
        run = self._run
        if run is not None:
            run.bitrate_bps = bitrate_bps

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        """Raises ValueError below 1."""
        if frame_rate_hz < 1:
            raise ValueError(f"frame_rate_hz must be 1 or more, not {frame_rate_hz}")
        run = self._run
        if run is not None:
            run.set_frame_rate(frame_rate_hz)

    def snapshot(self, facing: Facing, video: VideoFormat) -> bytes:
        run = self._run
        if run is not None and run.is_running:
            return run.still(facing)
        self.sensors.acquire(self, facing)
        try:
            return TestCard(facing, video.width, video.height, self.picture).still()
        finally:
            self.sensors.release(self)

    def close(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.stop()
        self.sensors.release(self)

    def count_encoded(self) -> None:
        """Called by the camera's thread for each invocation of the encoder."""
        self.encoded_frames += 1


class _Run:
    """From one opening to its close: the thread and what belongs to it."""

    def __init__(
        self,
        camera: SimulatedCamera,
        facing: Facing,
        video: VideoFormat,
        on_frame: FrameSink,
        on_failure: FailureSink,
        silent_after_s: float,
    ) -> None:
        from hal.camera.encoder import SoftwareEncoder  # PyAV takes 100 ms: only once it is needed

        self._camera = camera
        self._video = video
        self._on_frame = on_frame
        self._on_failure = on_failure
        self._silent_after_s = silent_after_s
        try:
            self._scene = self._point(facing)
            self._encoder = SoftwareEncoder(video)
        except ValueError as error:
            raise CameraUnavailable(CameraFault.FAILED, f"{error}; see [video].") from error
        self.bitrate_bps = video.bitrate_bps
        self._frame_rate_hz = video.frame_rate_hz
        self.keyframe_wanted = threading.Event()
        # One reference, written by the owner, read once a frame: needs no lock.
        self._next_scene = self._scene
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._film, name="camera", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive() and not self._stopping.is_set()

    def start(self) -> None:
        self._thread.start()

    def move_to(self, facing: Facing) -> None:
        # The card is made here, so that the film does not wait for it.
        self._next_scene = self._point(facing)

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._frame_rate_hz = min(frame_rate_hz, self._video.frame_rate_hz)

    def still(self, facing: Facing) -> bytes:
        if self._next_scene.facing is not facing:  # what it was told to film, also before it does
            raise CameraUnavailable(CameraFault.BUSY, "The other camera is filming. Switch first.")
        # The film draws on its own card meanwhile.
        return self._point(facing).card.still()

    def _point(self, facing: Facing) -> "_Scene":
        card = TestCard(facing, self._video.width, self._video.height, self._camera.picture)
        return _Scene(facing, card)

    def _film(self) -> None:
        """Frame after frame on a steady grid; a frame that comes too late is left out."""
        due_s = last_frame_s = time.monotonic()
        number = 0
        while not self._stopping.wait(max(0.0, due_s - time.monotonic())):
            now_s = time.monotonic()
            if self._take_scene():
                last_frame_s = now_s
            if self._failed(now_s - last_frame_s):
                return
            if not self._camera.sensors.is_silent(self._scene.facing):
                if not self._shoot_safely(number):
                    return
                last_frame_s = time.monotonic()  # a slow receiver is no silent sensor
            period_s = 1 / self._frame_rate_hz
            steps = max(1, int((time.monotonic() - due_s) / period_s))
            due_s += steps * period_s
            number += steps

    def _take_scene(self) -> bool:
        """Move to the other camera if that was asked for; its first frame is then a keyframe."""
        scene = self._next_scene
        if scene is self._scene:
            return False
        self._scene = scene
        self.keyframe_wanted.set()
        return True

    def _shoot_safely(self, number: int) -> bool:
        try:
            self._shoot(number)
        except Exception as error:  # a camera that dies silently would stay busy for ever
            logger.exception("The camera stopped")
            self._give_up(CameraFault.FAILED, f"The camera stopped ({error!r}).")
            return False
        return True

    def _shoot(self, number: int) -> None:
        keyframe = self.keyframe_wanted.is_set()
        if keyframe:
            self.keyframe_wanted.clear()
        captured_ns = time.monotonic_ns()
        picture = self._scene.card.draw(number, time.time_ns())
        self._encoder.set_bitrate(self.bitrate_bps)
        self._encoder.set_frame_rate(self._frame_rate_hz)
        begun_ns = time.monotonic_ns()
        data, is_keyframe = self._encoder.encode(picture, keyframe)
        self._camera.count_encoded()
        if not self._stopping.is_set():
            facing = self._scene.facing
            self._on_frame(EncodedFrame(data, is_keyframe, captured_ns, facing, begun_ns))

    def _failed(self, silence_s: float) -> bool:
        if self._scene.facing not in self._camera.sensors.facings:
            self._give_up(CameraFault.DISCONNECTED, "The camera was disconnected.")
            return True
        if silence_s > self._silent_after_s:
            self._give_up(CameraFault.SILENT, f"No picture for {self._silent_after_s:g} s.")
            return True
        return False

    def _give_up(self, fault: CameraFault, what: str) -> None:
        if self._stopping.is_set():
            return  # closed in the meantime: nobody is left to tell
        self._stopping.set()
        self._camera.sensors.release(self._camera)
        self._on_failure(CameraUnavailable(fault, f"{what} {_REMEDY}"))


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is before the lens."""

    facing: Facing
    card: TestCard
