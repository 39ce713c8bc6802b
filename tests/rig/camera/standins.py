"""What stands in for a board, so that the real picamera2 runs on libcamera's virtual cameras.

Beside dma_heap.c, which is preloaded. Import this before hal.camera.picamera.
"""

import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest.mock import MagicMock

# picamera2 imports the screen's library of Raspberry Pi OS for a preview that nobody uses here.
sys.modules.setdefault("kms", MagicMock())

import libcamera  # noqa: E402
from picamera2 import Picamera2  # noqa: E402
from picamera2.allocators import LibcameraAllocator  # noqa: E402

FRAME_PERIOD_S = 1 / 30

_configure = Picamera2.configure


def _raw_modes(picam: Any) -> list[dict[str, Any]]:
    """The virtual camera has no raw stream, of which picamera2 wants to know one mode."""
    return [{"format": "SRGGB10", "size": (1280, 720)}]


def _configure_with_planes(picam: Any, *args: Any) -> None:
    """picamera2's own allocator makes one plane, where the virtual camera's NV12 has two."""
    picam.allocator = LibcameraAllocator(picam.camera)
    _configure(picam, *args)


# The virtual camera (libcamera 0.4) leaves a buffer's status as it finds it in memory. By chance that
# says that the picture is bad, or the whole request cancelled.
libcamera.FrameMetadata.status = property(lambda metadata: libcamera.FrameMetadata.Status.Success)
libcamera.Request.status = property(lambda request: libcamera.Request.Status.Complete)

Picamera2._get_raw_modes = _raw_modes
Picamera2.configure = _configure_with_planes


class Shutter:
    """The virtual camera (libcamera 0.4) has no clock: it fills a buffer as soon as it is queued, 400 a
    second, so that picamera2 loses those that come back before its ``start`` has ended. A sensor of 30
    pictures a second takes its time."""

    open_ones: ClassVar[dict[str, "Shutter"]] = {}
    _none_works = threading.Event()

    def __init__(self, camera: Any) -> None:
        self._camera = camera
        self._requests: deque[Any] = deque()
        self._ended = threading.Event()
        self._hung = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.open_ones[camera.id] = self
        self._thread.start()

    def hang(self) -> None:
        """Give no more pictures until the camera is stopped and started again."""
        self._hung.set()

    @classmethod
    @contextmanager
    def all_hang(cls) -> Iterator[None]:
        """No camera gives pictures meanwhile, started anew or not."""
        cls._none_works.set()
        yield
        cls._none_works.clear()

    def queue(self, request: Any) -> None:
        self._requests.append(request)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        del self.open_ones[self._camera.id]

    def _run(self) -> None:
        while not self._ended.wait(FRAME_PERIOD_S):
            if self._requests and not self._hung.is_set() and not self._none_works.is_set():
                _queue_request(self._camera, self._requests.popleft())


_start, _stop = libcamera.Camera.start, libcamera.Camera.stop
_queue_request = libcamera.Camera.queue_request


def _start_with_shutter(camera: Any, *args: Any) -> Any:
    result = _start(camera, *args)
    Shutter(camera)
    return result


def _stop_with_shutter(camera: Any) -> Any:
    if (shutter := Shutter.open_ones.get(camera.id)) is not None:
        shutter.end()
    return _stop(camera)


libcamera.Camera.start = _start_with_shutter
libcamera.Camera.stop = _stop_with_shutter
libcamera.Camera.queue_request = lambda camera, request: Shutter.open_ones[camera.id].queue(request)
