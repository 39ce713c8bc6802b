"""The cameras on a Raspberry Pi's connectors, through picamera2 and libcamera. Not yet run on a board.

picamera2's software encoder is not used: it cannot make a keyframe with any PyAV that aiortc takes, does
not follow the bitrate and delays by frames (0.3.38).
"""

import logging
import os
import threading
import time
from contextlib import ExitStack, suppress
from typing import Any, Protocol

import av
import libcamera
from picamera2 import MappedArray, Picamera2

from hal.camera.codec_block import OTHER_ENCODER, CodecBlock, Deliver
from hal.camera.encoder import SoftwareEncoder
from hal.camera.facings import FoundCamera, assign
from hal.camera.live import LiveCamera
from hal.camera.protocol import Facing, VideoFormat
from hal.camera.settings import (
    EncoderChoice,
    PicameraConfig,
    SensorSettings,
    controls_for,
    encoder_for,
)
from hal.camera.source import LossSink, SourceFrame, SourceSink
from hal.camera.still import jpeg
from hal.camera.timing import FramePacer, SensorClock, Timing
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)

_LOCATIONS = {0: Facing.FRONT, 1: Facing.REAR}
"""libcamera's property Location; 2 is external, which device trees also say where nobody knows."""
_PIXEL_FORMATS = {"YUV420": "yuv420p", "NV12": "nv12"}
"""libcamera's names to FFmpeg's, of the formats that both encoders take."""
_IN_USE = "Device or resource busy"


class PicameraCamera(LiveCamera):
    """One or two cameras on the board's connectors. USB cameras are hal.camera.webcam's."""

    def __init__(self, config: PicameraConfig, model: str, timing: Timing | None = None) -> None:
        """``model``: the board's, as in BoardStatus."""
        super().__init__(PicameraSources(config, model), timing)


class PicameraSources:
    """What libcamera finds."""

    def __init__(self, config: PicameraConfig, model: str) -> None:
        self._settings = {Facing.FRONT: config.front, Facing.REAR: config.rear}
        self._choice = encoder_for(config.encoder, model)
        self._cameras: dict[Facing, FoundCamera] = {}

    def look(self) -> tuple[Facing, ...]:
        # Not once for all: after a start the drivers of the sensors may come later than this.
        if len(self._cameras) < len(Facing):
            names = {facing: settings.id for facing, settings in self._settings.items()}
            self._cameras = assign(_found(), names)
        return tuple(self._cameras)

    def make(self, facing: Facing, video: VideoFormat) -> "PicameraSource":
        camera = self._cameras.get(facing)
        ids = [found.id for found in _found()]
        if camera is None or camera.id not in ids:
            raise CameraUnavailable(
                CameraFault.ABSENT,
                f"No {facing.value} camera. Check the ribbon cable, and what "
                "`rpicam-hello --list-cameras` finds.",
            )
        picam = _opened(ids.index(camera.id))
        try:
            return PicameraSource(picam, self._settings[facing], video, self._choice)
        except BaseException:
            picam.close()
            raise


def _opened(number: int) -> Any:
    """A Picamera2. When one cannot be made, it leaves its pipe open (0.3.38), and perhaps the camera."""
    picam: Any = Picamera2.__new__(Picamera2)
    try:
        picam.__init__(number)
    except Exception as error:  # libcamera raises several kinds, picamera2 wraps some of them
        with suppress(Exception):
            picam.close()
        picam.is_open = (
            False  # or the garbage collector's close would meet the descriptors' next owners
        )
        if not picam.notifymeread.closed:
            picam.notifymeread.close()
            os.close(picam.notifyme_w)
        raise _refused(error) from error
    return picam


def _found() -> list[FoundCamera]:
    """In picamera2's order, which puts those on USB last; they are left out."""
    try:
        listed = Picamera2.global_camera_info()
    except Exception as error:
        raise _refused(error) from error
    return [
        FoundCamera(info["Id"], _LOCATIONS.get(info.get("Location", 2)))
        for info in listed
        if "/usb" not in info["Id"]
    ]


def _refused(error: BaseException) -> CameraUnavailable:
    reasons = [error]
    while (cause := reasons[-1].__cause__ or reasons[-1].__context__) is not None:
        reasons.append(cause)
    if any(_IN_USE in str(reason) for reason in reasons):
        return CameraUnavailable(
            CameraFault.BUSY, "The camera is in use by another program. Stop that one first."
        )
    return CameraUnavailable(
        CameraFault.FAILED,
        f"The camera cannot be opened ({reasons[-1]}). Check its ribbon cable; `rpicam-hello` tells "
        "more.",
    )


class PicameraSource:
    """One sensor, configured, and the encoder that the board has for it."""

    def __init__(
        self, picam: Any, settings: SensorSettings, video: VideoFormat, choice: EncoderChoice
    ) -> None:
        """Closing ``picam`` is the caller's until this returns. Raises CameraUnavailable."""
        self._picam = picam
        self._video = video
        self._clock = SensorClock()
        self._pacer = FramePacer(video.frame_rate_hz)
        self._keyframe_wanted = threading.Event()
        self._on_frame: SourceSink = lambda frame: None
        self._on_loss: LossSink = lambda loss: None
        self._is_lost = False
        try:
            picam.configure(_configuration(picam, settings, video))
            _check_what_it_gives(picam.camera_configuration(), settings, video)
            path = CodecBlock if choice is EncoderChoice.BOARD else _SoftwarePath
            self._path: _Path = path(picam, video, self._deliver)
        except CameraUnavailable:
            raise
        except Exception as error:
            raise _refused(error) from error

    def start(self, on_frame: SourceSink, on_loss: LossSink) -> None:
        self._on_frame, self._on_loss = on_frame, on_loss
        self._keyframe_wanted.set()
        self._picam.post_callback = self._take
        try:
            self._picam.start(show_preview=False)
        except Exception as error:
            raise _refused(error) from error

    def request_keyframe(self) -> None:
        self._keyframe_wanted.set()

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._path.set_bitrate(bitrate_bps)

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        # The sensor's own rate stays: picamera2 loses controls that are set while it runs now and then.
        self._pacer.set_frame_rate(frame_rate_hz)
        self._path.set_frame_rate(frame_rate_hz)

    def still(self, timeout_s: float) -> bytes:
        try:
            request = self._picam.capture_request(wait=timeout_s)
        except Exception as error:
            self._picam.cancel_all_and_flush()  # nobody would release the picture that comes after all
            raise CameraUnavailable(
                CameraFault.SILENT, f"No picture comes ({error!r}). Check the camera's cable."
            ) from error
        try:
            # picamera2's own writer takes a video's range of brightness for a photograph's: pale.
            with MappedArray(request, "main", write=False) as mapped:
                return jpeg(_frame(self._picam, mapped.array))
        finally:
            request.release()

    def close(self) -> None:
        # The sensor first: an encoder that is stopped while pictures come would wait for them.
        with ExitStack() as last_to_first:
            last_to_first.callback(self._picam.close)
            last_to_first.callback(self._path.close)
            self._picam.stop()

    def _take(self, request: Any) -> None:
        """A picture, in picamera2's thread, which ends for good when this raises."""
        if self._is_lost:
            return
        try:
            sensor_ns = request.get_metadata()["SensorTimestamp"]
            if self._pacer.takes(sensor_ns):
                keyframe = self._keyframe_wanted.is_set()
                self._keyframe_wanted.clear()
                self._path.encode(request, sensor_ns, keyframe)
        except Exception as error:
            logger.exception("The encoder failed")
            self._is_lost = True
            self._on_loss(
                CameraUnavailable(
                    CameraFault.FAILED, f"The encoder failed ({error!r}). {OTHER_ENCODER}"
                )
            )

    def _deliver(self, data: bytes, is_keyframe: bool, sensor_ns: int) -> None:
        time_ns = self._clock.capture_time_ns(sensor_ns, time.monotonic_ns())
        self._on_frame(SourceFrame(data, is_keyframe, time_ns))


def _configuration(picam: Any, settings: SensorSettings, video: VideoFormat) -> dict[str, Any]:
    configuration: dict[str, Any] = picam.create_video_configuration(
        main={"format": "YUV420", "size": (video.width, video.height)},
        raw=None,  # the sensor's mode is chosen by the size all the same, and memory is short
        transform=libcamera.Transform(hflip=settings.hflip, vflip=settings.vflip),
        colour_space=libcamera.ColorSpace.Smpte170m(),  # as decoders take a stream that says nothing
        controls=controls_for(settings, video, picam.camera_controls),
        display=None,
        encode=None,
    )
    return configuration


def _check_what_it_gives(
    configuration: dict[str, Any], settings: SensorSettings, video: VideoFormat
) -> None:
    """libcamera adjusts what a camera cannot do and says nothing."""
    stream, turned = configuration["main"], configuration["transform"]
    if (bool(turned.hflip), bool(turned.vflip)) != (settings.hflip, settings.vflip):
        raise CameraUnavailable(
            CameraFault.FAILED,
            "This camera cannot turn its picture. Remove rotation_deg and mirror from "
            "[hardware.picamera].",
        )
    if stream["size"] != (video.width, video.height) or stream["format"] not in _PIXEL_FORMATS:
        width, height = stream["size"]
        raise CameraUnavailable(
            CameraFault.FAILED,
            f"This camera gives {width} x {height} {stream['format']}, not {video.width} x "
            f"{video.height}. Set width and height in [video] so.",
        )


class _Path(Protocol):
    """From a picture of picamera2 to H.264."""

    def encode(self, request: Any, sensor_ns: int, keyframe: bool) -> None: ...
    def set_bitrate(self, bitrate_bps: int) -> None: ...
    def set_frame_rate(self, frame_rate_hz: int) -> None: ...
    def close(self) -> None: ...


def _frame(picam: Any, pixels: Any) -> av.VideoFrame:
    """A view of the camera's memory, for as long as that is mapped."""
    stream = picam.camera_configuration()["main"]
    return av.VideoFrame.from_numpy_buffer(
        pixels, _PIXEL_FORMATS[stream["format"]], stream["size"][0]
    )


class _SoftwarePath:
    """x264, in the sensor's thread."""

    def __init__(self, picam: Any, video: VideoFormat, deliver: Deliver) -> None:
        if video.height % 4:  # PyAV would take the rest for another plane
            raise CameraUnavailable(
                CameraFault.FAILED,
                f"height in [video] must be a multiple of 4, not {video.height}.",
            )
        self._picam = picam
        pixel_format = _PIXEL_FORMATS[picam.camera_configuration()["main"]["format"]]
        self._encoder: SoftwareEncoder | None = SoftwareEncoder(video, pixel_format)
        self._deliver = deliver
        self._bitrate_bps = video.bitrate_bps
        self._frame_rate_hz = video.frame_rate_hz

    def encode(self, request: Any, sensor_ns: int, keyframe: bool) -> None:
        if self._encoder is None:
            return
        self._encoder.set_bitrate(self._bitrate_bps)
        self._encoder.set_frame_rate(self._frame_rate_hz)
        with MappedArray(request, "main", write=False) as mapped:
            # Not kept in a name: memory with a view on it cannot be unmapped.
            data, is_keyframe = self._encoder.encode_frame(
                _frame(self._picam, mapped.array), keyframe
            )
        self._deliver(data, is_keyframe, sensor_ns)

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._bitrate_bps = bitrate_bps  # read once a frame: the encoder is not thread-safe

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._frame_rate_hz = frame_rate_hz

    def close(self) -> None:
        # picamera2's objects refer to one another, so all here waits for the garbage collector; the
        # encoder's megabytes must not.
        self._encoder = None
