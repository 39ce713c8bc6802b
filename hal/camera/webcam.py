"""USB cameras: their pictures are encoded here, or their own H.264 is passed through if that is chosen.

Not yet run on a device.
"""

import errno
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

from hal.camera.facings import FoundCamera, assign
from hal.camera.live import LiveCamera
from hal.camera.protocol import Facing, VideoFormat
from hal.camera.settings import WebcamConfig
from hal.camera.source import LossSink, SourceFrame, SourceSink
from hal.camera.still import jpeg
from hal.camera.timing import SensorClock, Timing
from hal.camera.v4l2 import Captured, PixelFormat, VideoDevice
from hal.camera.webcam_stream import Capture, EncodedStream, PassedStream, choose_format
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)

_READ_S = 0.2
"""How long a close waits for the reading thread at most."""


class WebcamCamera(LiveCamera):
    """One or two cameras on USB."""

    def __init__(self, config: WebcamConfig, timing: Timing | None = None) -> None:
        super().__init__(WebcamSources(config), timing)


class WebcamSources:
    """What udev lists. ``root`` stands in for / in tests."""

    def __init__(self, config: WebcamConfig, root: Path = Path("/")) -> None:
        self._config = config
        self._root = root
        self._cameras: dict[Facing, FoundCamera] = {}

    def look(self) -> tuple[Facing, ...]:
        names = {Facing.FRONT: self._config.front, Facing.REAR: self._config.rear}
        found = [FoundCamera(name) for name in self._devices()]
        self._cameras = assign(found, names)
        return tuple(self._cameras)

    def make(self, facing: Facing, video: VideoFormat) -> "WebcamSource":
        camera = self._cameras.get(facing)
        path = self._devices().get(camera.id) if camera is not None else None
        if path is None:
            raise CameraUnavailable(
                CameraFault.ABSENT, f"No {facing.value} camera. Is it plugged in? See `lsusb`."
            )
        try:
            device = VideoDevice(path)
        except OSError as error:
            raise _refused(error) from error
        try:
            return WebcamSource(device, video, self._config.pass_h264_through)
        except OSError as error:
            device.close()
            raise _refused(error) from error
        except BaseException:
            device.close()
            raise

    def _devices(self) -> dict[str, Path]:
        """Model and USB port to the device; the same for as long as nobody moves the plug."""
        links = sorted((self._root / "dev/v4l/by-path").glob("*usb*-video-index0"))
        devices: dict[str, Path] = {}
        for link in links:
            path = link.resolve()
            if path in devices.values():
                continue  # newer versions of udev link each twice
            names = self._root / "sys/class/video4linux" / path.name / "name"
            with suppress(OSError):  # unplugged just now
                devices[f"{names.read_text().strip()} at {link.name}"] = path
        return devices


def _refused(error: OSError) -> CameraUnavailable:
    if error.errno == errno.EBUSY:
        return CameraUnavailable(
            CameraFault.BUSY, "The camera is in use by another program. Stop that one first."
        )
    if error.errno in (errno.ENODEV, errno.ENXIO, errno.ENOENT):
        return CameraUnavailable(CameraFault.ABSENT, "The camera was unplugged. Plug it in again.")
    return CameraUnavailable(
        CameraFault.FAILED,
        f"The camera cannot be used ({error}). Is the user in the group video? Plug it in again.",
    )


class WebcamSource:
    """One device and a thread that reads it."""

    def __init__(self, device: Capture, video: VideoFormat, pass_h264_through: bool) -> None:
        """Closing ``device`` is the caller's until this returns. Raises CameraUnavailable, OSError."""
        kind = choose_format(device, video, pass_h264_through)
        device.configure(kind, video.width, video.height, video.frame_rate_hz)
        self._device = device
        self._clock = SensorClock()
        self._stream: PassedStream | EncodedStream
        if kind is PixelFormat.H264:
            self._stream = PassedStream()
        else:
            self._stream = EncodedStream(kind, video)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name="webcam", daemon=True)
        self._on_frame: SourceSink
        self._on_loss: LossSink
        self._is_closed = False

    def start(self, on_frame: SourceSink, on_loss: LossSink) -> None:
        self._on_frame, self._on_loss = on_frame, on_loss
        self._stream.request_keyframe()
        try:
            self._device.start()
        except OSError as error:
            raise _refused(error) from error
        self._thread.start()

    def request_keyframe(self) -> None:
        self._stream.request_keyframe()

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._stream.set_bitrate(bitrate_bps)

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._stream.set_frame_rate(frame_rate_hz)

    def still(self, timeout_s: float) -> bytes:
        picture = self._stream.picture(timeout_s)
        if picture is None:
            raise CameraUnavailable(
                CameraFault.SILENT, "No picture comes. Plug the camera in again."
            )
        return jpeg(picture)

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._device.close()

    def _read(self) -> None:
        try:
            while not self._stopping.is_set():
                captured = self._next()
                if captured is not None:
                    self._take(captured)
        except CameraUnavailable as error:
            self._on_loss(error)
        except Exception as error:
            logger.exception("The encoder failed")
            self._on_loss(CameraUnavailable(CameraFault.FAILED, f"The encoder failed: {error!r}"))

    def _next(self) -> Captured | None:
        try:
            return self._device.read(_READ_S)
        except OSError as error:
            raise CameraUnavailable(
                CameraFault.DISCONNECTED, f"The camera is gone ({error}). Plug it in again."
            ) from error

    def _take(self, captured: Captured) -> None:
        data, is_keyframe = self._stream.encode(captured)
        if data and not self._stopping.is_set():
            time_ns = self._clock.capture_time_ns(captured.time_ns, time.monotonic_ns())
            self._on_frame(SourceFrame(data, is_keyframe, time_ns))
