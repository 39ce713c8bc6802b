"""Calls of drivers, which can hang: who makes them waits so long and no longer."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError, wait
from typing import Any, Generic, TypeVar

from hal.camera.source import Source
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

CHECK = "Check its cable, and restart the unit if that does not help."


class Openings:
    """Calls that open a camera, one at a time, each in a thread that is left behind if it hangs."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._lock = threading.Lock()
        self._running: _Opening[Any] | None = None
        self._is_over = False

    def run(self, call: Callable[[], Made], too_late: Callable[[Made], None]) -> Made:
        """Raises what the call raises, CameraUnavailable (SILENT) if it takes too long. What it returns
        after that is handed to ``too_late``, in its thread."""
        opening = _Opening(call, too_late)
        with self._lock:
            self._running = opening
            if self._is_over:
                opening.made.cancel()
        thread = threading.Thread(target=opening.run, name="camera open", daemon=True)
        thread.start()
        try:
            return opening.result(self._within_s)
        finally:
            if not opening.made.cancelled():
                thread.join()  # it has nothing left to do

    def stop(self, grace_s: float) -> None:
        """None begins any more; one that has begun is given ``grace_s``, so that who opens the camera
        next does not meet it."""
        with self._lock:
            self._is_over = True
            running = self._running
        if running is not None:
            wait([running.made], grace_s)
            running.made.cancel()


class _Opening(Generic[Made]):
    def __init__(self, call: Callable[[], Made], too_late: Callable[[Made], None]) -> None:
        self.made: Future[Made] = Future()
        self._call = call
        self._too_late = too_late

    def result(self, within_s: float) -> Made:
        try:
            return self.made.result(within_s)
        except TimeoutError:
            if not self.made.cancel():
                return self.made.result()  # ended just now, or the error is the call's own
        except CancelledError:
            pass
        raise CameraUnavailable(CameraFault.SILENT, f"The camera does not open. {CHECK}")

    def run(self) -> None:
        if self.made.cancelled():
            return
        try:
            made = self._call()
        except BaseException as error:
            try:
                self.made.set_exception(error)
            except InvalidStateError:
                logger.info("A camera that did not open in time has failed: %r", error)
            return
        try:
            self.made.set_result(made)
        except InvalidStateError:
            self._too_late(made)


def close_quietly(source: Source) -> None:
    """Whatever a driver in trouble says to it; opening it again says more."""
    try:
        source.close()
    except Exception:
        logger.exception("A camera was not closed as it should be")


def close_within(source: Source, seconds: float) -> None:
    """A hung driver hangs who closes it: here that is a thread of its own, left behind if need be."""
    thread = threading.Thread(
        target=close_quietly, args=(source,), name="camera close", daemon=True
    )
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        logger.error("A camera does not close. %s", CHECK)
