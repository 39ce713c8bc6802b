"""Drives PicameraCamera on two virtual cameras and prints what was measured."""

import gc
import io
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

import av
import numpy as np
import videodev2
from PIL import Image

from hal import CameraFault, CameraUnavailable, EncodedFrame, Facing, VideoFormat
from hal.camera.settings import EncoderChoice, PicameraConfig, SensorSettings
from tests.hal.listening import Heard
from tests.hal.pictures import decoded, nal_types, sps
from tests.rig.camera.standins import Shutter

from picamera2 import Picamera2  # isort: skip  # after its stand-ins
from hal.camera.picamera import PicameraCamera  # isort: skip
from tests.rig.camera.paper_codec import paper_codec  # isort: skip

VIDEO = VideoFormat()
KEYFRAMES = 300
BITRATES = 50
SWITCHES = 10
SWITCH_LIMIT_MS = 300
REOPEN_LIMIT_S = 3.0
BITRATE = videodev2.V4L2_CID_MPEG_VIDEO_BITRATE


class Unit:
    """A camera and what it told."""

    def __init__(self, config: PicameraConfig | None = None) -> None:
        self.camera = PicameraCamera(config or PicameraConfig(), model="no board")
        self.frames: Heard[EncodedFrame] = Heard()
        self.failures: Heard[CameraUnavailable] = Heard()

    def open(self, facing: Facing = Facing.FRONT) -> None:
        self.camera.open(facing, VIDEO, self.frames, self.failures)

    def more(self, fits: Callable[[list[EncodedFrame]], bool]) -> list[EncodedFrame]:
        """The frames from now on, once they fit."""
        before = len(self.frames.items)
        return self.frames.wait(lambda items: fits(items[before:]))[before:]


@contextmanager
def unit(config: PicameraConfig | None = None) -> Iterator[Unit]:
    one = Unit(config)
    try:
        yield one
    finally:
        one.camera.close()


def refused(action: Callable[[], object]) -> CameraFault:
    try:
        action()
    except CameraUnavailable as error:
        logging.info("refused as it should be: %s", error)
        return error.reason
    raise AssertionError("it was not refused")


def picture_and_stream() -> str:
    """720p, decoded again; constrained baseline; parameter sets before every IDR; times that rise."""
    with unit() as it:
        assert it.camera.facings == (Facing.FRONT, Facing.REAR), it.camera.facings
        it.open()
        frames = it.frames.wait_count(60)
        still = Image.open(io.BytesIO(it.camera.snapshot(Facing.FRONT, VIDEO)))
        it.camera.close()
        count = len(it.frames.items)
        pictures = decoded(it.frames.items)
    assert len(pictures) == count, (len(pictures), count)
    assert {(p.width, p.height) for p in pictures} == {(VIDEO.width, VIDEO.height)}
    assert still.size == (VIDEO.width, VIDEO.height)
    # The pattern moves; one of these is the picture of the still.
    likeness_db = max(likeness(picture, still) for picture in pictures[55:])
    assert likeness_db > 25, f"what is decoded is not what the camera saw: {likeness_db:.1f} dB"
    assert sps(frames[0].data)[1] == 66
    assert sps(frames[0].data)[2] & 0x40, "constraint_set1_flag"
    check_stream(frames)
    span_ns = frames[59].capture_time_ns - frames[0].capture_time_ns
    age_ms = (time.monotonic_ns() - it.frames.items[-1].capture_time_ns) / 1e6
    assert 0 <= age_ms < 5000
    return f"720p {59e9 / span_ns:.0f}/s decoded ({likeness_db:.0f} dB)"


def likeness(picture: av.VideoFrame, still: Image.Image) -> float:
    """Peak signal to noise ratio in dB."""
    error = picture.to_ndarray(format="rgb24").astype(float) - np.asarray(still, float)
    return 10 * math.log10(255**2 / np.mean(error**2))


def check_stream(frames: list[EncodedFrame]) -> None:
    for frame in frames:
        types = nal_types(frame.data)
        assert (types[:2] == [7, 8]) == frame.is_keyframe == (5 in types), types
    times = [frame.capture_time_ns for frame in frames]
    assert times == sorted(set(times)), "times go back"


def keyframes_and_bitrates() -> str:
    """Each request makes the next frame an IDR; the bitrate changes meanwhile."""
    with unit() as it:
        asked: list[int] = []

        def ask(frame: EncodedFrame, number: int) -> None:
            if len(asked) < KEYFRAMES:
                it.camera.request_keyframe()
                asked.append(number + 1)
                if len(asked) % (KEYFRAMES // BITRATES) == 0:
                    it.camera.set_bitrate(150_000 + 37_000 * len(asked) % 3_000_000)

        it.frames = Heard(ask)
        it.open()
        for count in range(10, KEYFRAMES + 11, 50):  # patience is for each part
            frames = it.frames.wait_count(count)
        made = [number for number, frame in enumerate(frames, 1) if frame.is_keyframe]
        assert made == [1, *asked], made[:5]
        check_stream(frames)
        assert len(decoded(frames)) == len(frames)
        assert not it.failures.items
    return f"{KEYFRAMES} keyframes asked {len(made) - 1} made, {BITRATES} bitrates"


def live_switch() -> str:
    """From the call to the first frame of the other camera; no gap, no step back."""
    took_ms, gaps_ms = [], []
    with unit() as it:
        it.open()
        it.frames.wait_count(10)
        for turn in range(SWITCHES):
            facing = (Facing.REAR, Facing.FRONT)[turn % 2]
            before = len(it.frames.items)
            start_s = time.monotonic()
            it.camera.switch(facing)
            took_ms.append((time.monotonic() - start_s) * 1000)
            seen = it.frames.wait(
                lambda items, n=before, to=facing: any(f.facing is to for f in items[n:])
            )
            at = next(n for n in range(before, len(seen)) if seen[n].facing is facing)
            assert seen[at].is_keyframe
            gaps_ms.append((seen[at].capture_time_ns - seen[at - 1].capture_time_ns) / 1e6)
            it.frames.wait_count(len(seen) + 20)
        frames = it.frames.items
    check_stream(frames)
    assert len(decoded(frames)) == len(frames)
    # Not the worst: of a busy machine that says nothing of cameras.
    assert median(took_ms) < SWITCH_LIMIT_MS, took_ms
    return f"switch {median(took_ms):.0f} ms, worst {max(took_ms):.0f}, gap {max(gaps_ms):.0f}"


def silence() -> str:
    """A sensor that hangs is opened again; one that goes on hanging is reported."""
    with unit() as it:
        it.open()
        it.frames.wait_count(10)
        hung_s = time.monotonic()
        Shutter.open_ones[camera_id(Facing.FRONT)].hang()
        it.more(lambda items: any(frame.is_keyframe for frame in items))
        took_s = time.monotonic() - hung_s
        assert took_s < REOPEN_LIMIT_S, took_s
        it.more(lambda items: len(items) > 10)
        assert not it.failures.items
        check_stream(it.frames.items)
        with Shutter.all_hang():
            (failure,) = it.failures.wait_count(1)
        assert failure.reason is CameraFault.SILENT, failure
        assert not it.camera.is_open
        it.open()
        it.more(lambda items: len(items) > 3)
    return f"silent: back in {took_s:.1f} s"


def camera_id(facing: Facing) -> str:
    """libcamera's, of a camera that runs."""
    return next(name for name in Shutter.open_ones if facing.value in name)


def busy_absent_named() -> str:
    """Refusals with their reasons, and facings by Id."""
    with unit() as it, unit() as other:
        it.open()
        assert refused(other.open) is CameraFault.BUSY
        it.more(lambda items: len(items) > 3)
    with unit(PicameraConfig(front=SensorSettings(id="no such camera"))) as it:
        assert it.camera.facings == (Facing.REAR,)
        assert refused(it.open) is CameraFault.ABSENT
        it.open(Facing.REAR)
        assert refused(lambda: it.camera.switch(Facing.FRONT)) is CameraFault.ONLY_ONE
    swapped = PicameraConfig(front=SensorSettings(id="rear"), rear=SensorSettings(id="front"))
    with unit(swapped) as it:
        it.open(Facing.FRONT)
        (running,) = Shutter.open_ones
        assert "rear" in running
    return "busy, absent, only one"


def codec_block() -> str:
    """picamera2's driver of the codec block, against one on paper."""
    with paper_codec(VIDEO) as codec, unit(PicameraConfig(encoder=EncoderChoice.BOARD)) as it:

        def ask(frame: EncodedFrame, number: int) -> None:
            if number in (10, 20):
                it.camera.request_keyframe()

        it.frames = Heard(ask)
        it.open()
        it.frames.wait_count(30)
        it.camera.set_bitrate(300_000)
        it.camera.set_frame_rate(VIDEO.frame_rate_hz // 2)
        it.camera.switch(Facing.REAR)
        it.more(lambda items: len(items) > 10)
        now_ns = time.monotonic_ns()
        last = it.frames.items[-1]
        it.camera.close()
        frames = it.frames.items
        bitrates = [value for control, value in codec.settings if control == BITRATE]
    check_stream(frames)
    keyframes = [number for number, frame in enumerate(frames, 1) if frame.is_keyframe]
    # One picture may be in the block already when the next one is asked for.
    assert len(keyframes) == 4, keyframes
    assert keyframes[0] == 1
    assert keyframes[1] - 10 in (1, 2, 3), keyframes
    assert frames[keyframes[3] - 1].facing is Facing.REAR
    # Fewer pictures, each of more bits; of the front camera, and then of the rear one.
    assert bitrates.count(2 * 300_000) >= 2, bitrates
    assert len(decoded(frames)) == len(frames)
    assert 0 <= now_ns - last.capture_time_ns < 1e9
    return "picamera2's codec driver on paper"


def descriptors_after(action: Callable[[], object]) -> int:
    """Open files, once what it left to the garbage collector is gone."""
    action()
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def failures_leave_nothing() -> str:
    """No thread (see ``main``) and no file of an opening that failed, or of a close that did halfway."""
    board = PicameraConfig(encoder=EncoderChoice.BOARD)
    with unit() as it, unit() as other:
        it.open()
        busy = [descriptors_after(lambda: refused(other.open)) for _ in range(20)]
    assert busy[-1] < busy[0] + 10, busy  # those of cameras that run come and go
    with paper_codec(VIDEO) as codec:

        def fail(request: int) -> None:
            with unit(board) as it:
                codec.refused.add(request)
                assert refused(it.open) is CameraFault.FAILED
                codec.refused.clear()

        def fail_at_close() -> None:
            with unit(board) as it:
                it.open()
                codec.refused.add(videodev2.VIDIOC_STREAMOFF)
                it.camera.close()
                codec.refused.clear()

        begun = [
            descriptors_after(lambda request=request: fail(request))
            for request in (videodev2.VIDIOC_S_FMT, videodev2.VIDIOC_STREAMON) * 2
        ]
        ended = [descriptors_after(fail_at_close) for _ in range(3)]
        with unit(board) as it:
            it.open()
            codec.refused.add(videodev2.VIDIOC_S_CTRL)
            it.camera.set_bitrate(300_000)  # logged; the picture goes on
            it.more(lambda items: len(items) > 3)
            codec.refused.clear()
    assert len({*begun, *ended}) == 1, (begun, ended)
    return "no file left by failures"


def cameras_that_come_late() -> str:
    """The first look may come before the sensors' drivers."""
    with unit() as it:
        with patch.object(Picamera2, "global_camera_info", list):
            assert it.camera.facings == ()
        assert it.camera.facings == (Facing.FRONT, Facing.REAR)
        it.open()
    return "late cameras found"


def what_cannot_be() -> str:
    """There is no codec block here, and the virtual camera has no exposure: said, not passed over."""
    for config in (
        PicameraConfig(encoder=EncoderChoice.BOARD),
        PicameraConfig(front=SensorSettings(exposure_compensation_ev=1.0)),
    ):
        with unit(config) as it:
            assert refused(it.open) is CameraFault.FAILED
    return "impossible settings refused"


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    av.logging.set_level(av.logging.ERROR)
    steps = (
        picture_and_stream,
        keyframes_and_bitrates,
        live_switch,
        silence,
        busy_absent_named,
        codec_block,
        failures_leave_nothing,
        cameras_that_come_late,
        what_cannot_be,
    )
    results = []
    for step in steps:
        logging.info("== %s", step.__name__)
        results.append(step())
        assert not Shutter.open_ones, "a sensor still runs"
        assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
    print("; ".join(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
