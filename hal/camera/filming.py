"""From one opening of a camera to its close: the source that films, its stand-by, the watch."""

import logging
import threading
import time
from dataclasses import dataclass
from functools import partial

from hal.camera.bounded import CHECK, Openings, close_quietly, close_within
from hal.camera.protocol import EncodedFrame, Facing, FailureSink, FrameSink, VideoFormat
from hal.camera.source import Source, SourceFrame, Sources
from hal.camera.timing import RisingTime, SilenceWatch, Timing
from hal.errors import CameraFault, CameraUnavailable

logger = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Take:
    """A source that films one way, and what became of it."""

    facing: Facing
    source: Source
    loss: CameraUnavailable | None = None
    awaits_keyframe: bool = False
    """Another one has been seen in between: a decoder can go on with a keyframe only."""


class Filming:
    """``_control`` is held by whoever makes, starts or closes sources, for seconds if need be.
    ``_changed`` guards what the sources' threads see, and is never held meanwhile.
    """

    def __init__(
        self,
        sources: Sources,
        video: VideoFormat,
        on_frame: FrameSink,
        on_failure: FailureSink,
        timing: Timing,
    ) -> None:
        self._sources = sources
        self._video = video
        self._on_frame = on_frame
        self._on_failure = on_failure
        self._timing = timing
        self._bitrate_bps = video.bitrate_bps
        self._frame_rate_hz = video.frame_rate_hz
        self._control = threading.Lock()
        self._changed = threading.Condition()
        self._active: _Take | None = None
        self._next: _Take | None = None
        self._standby: _Take | None = None
        self._retired: _Take | None = None
        self._openings = Openings(timing.opens_within_s)
        self._standby_facing: Facing | None = None
        self._sink_error: CameraUnavailable | None = None
        self._is_over = False
        self._rising = RisingTime()
        self._watch = SilenceWatch(timing.silent_after_s, video.frame_rate_hz, time.monotonic())
        self._thread = threading.Thread(target=self._keep, name="camera watch", daemon=True)

    # Called by the owner.

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive() and not self._is_over

    @property
    def facing(self) -> Facing | None:
        take = self._active
        return take.facing if take is not None else None

    def begin(self, facing: Facing, standby: Facing | None) -> None:
        """Returns with the first frame. ``standby`` is opened afterwards, for a quick switch."""
        with self._control:
            self._roll(facing, self._timing.starts_within_s)
        self._standby_facing = standby
        self._thread.start()

    def move_to(self, facing: Facing) -> None:
        """Returns with the first frame from there; until then the old one goes on. That is closed, and
        stands by again, in the thread of the watch."""
        with self._control:
            old = self._active
            if old is not None and old.facing is facing:
                return
            self._close_retired()
            self._roll(facing, self._timing.starts_within_s)
            self._retired = old
        with self._changed:
            self._standby_facing = old.facing if old is not None else None
            self._changed.notify_all()

    def request_keyframe(self) -> None:
        if (take := self._active) is not None:
            take.source.request_keyframe()

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._bitrate_bps = bitrate_bps
        if (take := self._active) is not None:
            take.source.set_bitrate(bitrate_bps)

    def set_frame_rate(self, frame_rate_hz: int) -> None:
        self._frame_rate_hz = min(frame_rate_hz, self._video.frame_rate_hz)
        with self._changed:
            self._watch.expect(self._frame_rate_hz)
        if (take := self._active) is not None:
            take.source.set_frame_rate(self._frame_rate_hz)

    def still(self) -> bytes:
        if (take := self._active) is None:
            raise CameraUnavailable(CameraFault.SILENT, f"No picture comes. {CHECK}")
        return take.source.still(self._timing.starts_within_s)

    def close(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._openings.stop(self._timing.closes_within_s)
        with self._control:
            self._close_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    # With _control held.

    def _roll(self, facing: Facing, within_s: float) -> None:
        """Start a source and wait for its first frame, with which it takes over. Raises
        CameraUnavailable; then what filmed before goes on."""
        before = self._active
        take = self._take_of(facing)
        with self._changed:
            self._next = take
        try:
            self._tell_wishes(take)
            self._start(take)
            self._await_first_frame(take, within_s)
            self._tell_wishes(take)  # what was asked in the meantime went to the one before
        except BaseException as error:
            self._give_back(take, before)
            self._close(take)
            if isinstance(error, CameraUnavailable) or not isinstance(error, Exception):
                raise
            raise CameraUnavailable(
                CameraFault.FAILED, f"The {facing.value} camera failed ({error!r}). {CHECK}"
            ) from error

    def _give_back(self, take: _Take, before: _Take | None) -> None:
        """``take`` failed, before it took over or just after."""
        with self._changed:
            self._next = None
            has_taken_over = self._active is take
            if has_taken_over:
                self._active = before
                self._watch.feed(time.monotonic())
                if before is not None:
                    before.awaits_keyframe = True
        if has_taken_over and before is not None:
            before.source.request_keyframe()

    def _start(self, take: _Take) -> None:
        start = partial(
            take.source.start, partial(self._take_frame, take), partial(self._take_loss, take)
        )
        self._openings.run(start, lambda _: close_quietly(take.source))

    def _make(self, facing: Facing) -> _Take:
        make = partial(self._sources.make, facing, self._video)
        return _Take(facing, self._openings.run(make, close_quietly))

    def _tell_wishes(self, take: _Take) -> None:
        take.source.set_bitrate(self._bitrate_bps)
        take.source.set_frame_rate(self._frame_rate_hz)

    def _take_of(self, facing: Facing) -> _Take:
        standby, self._standby = self._standby, None
        if standby is not None and standby.facing is facing:
            return standby
        self._close(standby)
        return self._make(facing)

    def _await_first_frame(self, take: _Take, within_s: float) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._active is take or take.loss is not None or self._is_over,
                within_s,
            )
            if self._active is not take:
                self._next = None  # here, so that it cannot take over after all
                raise take.loss or CameraUnavailable(
                    CameraFault.SILENT, f"The {take.facing.value} camera gives no picture. {CHECK}"
                )

    def _prepare_standby(self) -> None:
        facing, self._standby_facing = self._standby_facing, None
        if facing is None or self._is_over or self._standby is not None:
            return
        try:
            self._standby = self._make(facing)
        except Exception as error:  # of any driver; what films is not to suffer
            logger.info("The %s camera does not stand by: %s", facing.value, error)

    def _mend(self, take: _Take, trouble: CameraUnavailable) -> CameraUnavailable | None:
        """Close and open again what gives no pictures; if that fails, why it is over."""
        logger.warning("The %s camera is opened again: %s", take.facing.value, trouble)
        with self._changed:
            self._active = None
        standby = self._standby.facing if self._standby is not None else None
        self._close(take)
        self._close_standby()  # libcamera begins anew only once all its cameras are closed
        try:
            self._roll(take.facing, self._timing.mends_within_s)
        except Exception as error:  # the watch must not end without a report
            logger.warning("That failed: %s", error)
            return trouble
        self._standby_facing = standby
        return None

    def _close_all(self) -> None:
        with self._changed:
            take, self._active = self._active, None
        self._close(take)
        self._close_retired()
        self._close_standby()

    def _close_retired(self) -> None:
        retired, self._retired = self._retired, None
        self._close(retired)

    def _close_standby(self) -> None:
        standby, self._standby = self._standby, None
        self._close(standby)

    def _close(self, take: _Take | None) -> None:
        if take is not None:
            close_within(take.source, self._timing.closes_within_s)

    # In the thread of the watch.

    def _keep(self) -> None:
        while not self._is_over:
            with self._changed:
                self._changed.wait_for(self._needs_care, self._watch.remaining_s(time.monotonic()))
            with self._control:
                failure = self._care()
            if failure is not None:
                self._on_failure(failure)

    def _care(self) -> CameraUnavailable | None:
        """Do what is due; why it is over, if it is and nobody closed it."""
        self._close_retired()
        self._prepare_standby()
        failure = self._sink_error
        take, trouble = self._active, self._trouble()
        if failure is None and take is not None and trouble is not None and not self._is_over:
            failure = self._mend(take, trouble)
        with self._changed:
            if failure is None or self._is_over:
                return None
            self._is_over = True
        self._close_all()
        return failure

    def _needs_care(self) -> bool:
        return (
            self._is_over
            or self._sink_error is not None
            or self._standby_facing is not None
            or self._trouble() is not None
        )

    def _trouble(self) -> CameraUnavailable | None:
        take = self._active
        if take is None:
            return None
        if take.loss is not None:
            return take.loss
        if self._watch.remaining_s(time.monotonic()) > 0:
            return None
        return CameraUnavailable(
            CameraFault.SILENT, f"The {take.facing.value} camera gives no more pictures. {CHECK}"
        )

    # In a source's thread.

    def _take_frame(self, take: _Take, frame: SourceFrame) -> None:
        with self._changed:
            if take is self._next and frame.is_keyframe:
                self._active, self._next = take, None
                self._changed.notify_all()
            if take is not self._active or self._is_over or self._sink_error is not None:
                return
            if take.awaits_keyframe and not frame.is_keyframe:
                return
            take.awaits_keyframe = False
            self._watch.feed(time.monotonic())
            time_ns = self._rising.after_the_last(frame.capture_time_ns)
            try:
                self._on_frame(EncodedFrame(frame.data, frame.is_keyframe, time_ns, take.facing))
            except Exception as error:  # it would end the source's thread, and open for ever
                logger.exception("Who takes the camera's frames failed")
                self._sink_error = CameraUnavailable(
                    CameraFault.FAILED, f"The camera stopped ({error!r}). {CHECK}"
                )
                self._changed.notify_all()

    def _take_loss(self, take: _Take, loss: CameraUnavailable) -> None:
        with self._changed:
            take.loss = loss
            self._changed.notify_all()
