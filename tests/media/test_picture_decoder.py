"""The decoding thread: owned, bounded, gone when it is told to."""

import asyncio
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs.vpx import Vp8Encoder

from device.app import open_unit
from device.config import parse
from device.errors import MediaError
from device.media.picture import codecs, decoder
from device.media.picture.decoder import BEHIND_S, QUEUE_UNITS, DecodedPicture, DecoderThread
from device.media.picture.packet import AccessUnit, VideoCodec
from device.media.picture.payloads import unit_of
from hal import VideoFormat
from hal.camera.encoder import SoftwareEncoder
from tests.media.world import until

SMALL = VideoFormat(width=64, height=64, frame_rate_hz=30, bitrate_bps=100_000)


def unit(timestamp: int, is_keyframe: bool = False, data: bytes = b"") -> AccessUnit:
    return AccessUnit(VideoCodec.H264, timestamp, data, is_keyframe, 0.0)


def encoded(count: int) -> list[AccessUnit]:
    """Pictures that get brighter; the first is a keyframe."""
    encoder = SoftwareEncoder(SMALL)
    pictures = [np.full((96, 64), 20 + 10 * number, np.uint8) for number in range(count)]
    made = [encoder.encode(picture, number == 0) for number, picture in enumerate(pictures)]
    return [unit(3000 * at, key, data) for at, (data, key) in enumerate(made)]


class Screen:
    """Keeps what a decoder gives."""

    def __init__(self, on_board: bool = False) -> None:
        self.changed = threading.Condition()
        self.timestamps: list[int] = []
        self.keyframes_needed = 0
        self.decoder = DecoderThread("pictures-test", on_board, self._on_picture, self._on_needed)

    def put(self, one: AccessUnit, now_s: float = 0.0) -> None:
        self.decoder.put(one, now_s)

    def _on_picture(self, picture: DecodedPicture) -> None:
        with self.changed:
            self.timestamps.append(picture.timestamp)
            self.changed.notify()

    def _on_needed(self) -> None:
        with self.changed:
            self.keyframes_needed += 1
            self.changed.notify()

    def wait(self, fits: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(fits, 10)

    def wait_pictures(self, count: int) -> None:
        self.wait(lambda: len(self.timestamps) >= count)


class SlowContext:
    """A decoder that takes as long as it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.seen: list[int] = []

    def decode(self, packet: Any) -> list[Any]:
        self.seen.append(packet.pts)
        self.begun.set()
        assert self.may_go_on.wait(10)
        return []


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowContext:
    context = SlowContext()
    monkeypatch.setattr(decoder, "open_decoder", lambda codec, on_board: context)
    return context


async def test_each_picture_comes_at_once_with_its_time() -> None:
    screen = Screen()
    for place, each in enumerate(encoded(5)):
        screen.put(each)
        screen.wait_pictures(place + 1)  # without the next one
    assert screen.timestamps == [0, 3000, 6000, 9000, 12000]
    await screen.decoder.aclose()
    assert not screen.keyframes_needed


async def test_a_browser_may_send_vp8() -> None:
    frame = av.VideoFrame.from_ndarray(np.full((72, 64), 90, np.uint8), format="yuv420p")
    frame.pts, frame.time_base = 0, Fraction(1, 90_000)
    payloads, _ = Vp8Encoder().encode(frame, force_keyframe=True)
    data, is_keyframe = unit_of(VideoCodec.VP8, payloads)
    screen = Screen()
    screen.put(AccessUnit(VideoCodec.VP8, 7, data, is_keyframe, 0.0))
    screen.wait_pictures(1)
    assert screen.timestamps == [7]
    await screen.decoder.aclose()


async def test_the_thread_lives_only_while_there_is_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "IDLE_S", 0.0)
    before = set(threading.enumerate())
    screen = Screen()
    for place, each in enumerate(encoded(4)):
        screen.put(each)
        screen.wait_pictures(place + 1)
        for thread in set(threading.enumerate()) - before:
            thread.join(10)  # ends by itself, and what it has decoded so far is not forgotten
    assert len(screen.timestamps) == 4
    await screen.decoder.aclose()


async def test_the_end_does_not_block_the_loop(slow: SlowContext) -> None:
    screen = Screen()
    screen.put(unit(0, is_keyframe=True))
    screen.put(unit(1))
    assert await asyncio.to_thread(slow.begun.wait, 10)
    thread = screen.decoder._thread
    closing = asyncio.create_task(screen.decoder.aclose())
    await asyncio.sleep(0)
    slow.may_go_on.set()  # by the loop, which would not come to it if it waited
    await closing
    assert thread is not None
    assert not thread.is_alive()
    assert slow.seen == [0], "what is queued is not decoded any more"
    screen.put(unit(2, is_keyframe=True))
    await screen.decoder.aclose()
    assert slow.seen == [0]


async def test_a_decoder_that_hangs_does_not_hold_up_the_end(
    slow: SlowContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(decoder, "ENDED_WITHIN_S", 0.01)
    screen = Screen()
    screen.put(unit(0, is_keyframe=True))
    assert await asyncio.to_thread(slow.begun.wait, 10)
    await screen.decoder.aclose()
    assert "has not ended" in caplog.text
    thread = screen.decoder._thread
    assert thread is not None
    assert thread.daemon, "the process can end without it"
    slow.may_go_on.set()
    await screen.decoder.aclose()


BEHIND = [
    ([], [0, 100], 1),  # nothing to go on from: all is left out until a new keyframe comes
    ([5], [0, *range(5, 19), 100], 0),
    ([5, 12], [0, *range(12, 19), 100], 0),
    ([1], [0, 1, 100], 1),  # what comes next anyway; without what follows it
]


@pytest.mark.parametrize(("keyframes", "seen", "needed"), BEHIND)
async def test_who_is_behind_leaves_out_all_up_to_a_keyframe(
    slow: SlowContext, keyframes: list[int], seen: list[int], needed: int
) -> None:
    screen = Screen()
    screen.put(unit(0, is_keyframe=True))
    assert await asyncio.to_thread(slow.begun.wait, 10)
    for timestamp in range(1, 18):
        screen.put(unit(timestamp, timestamp in keyframes))
    late_s = BEHIND_S + 0.01
    screen.put(unit(18), late_s)
    screen.put(unit(100, is_keyframe=True), late_s)
    assert screen.keyframes_needed == needed
    slow.may_go_on.set()
    await until(lambda: slow.seen[-1] == 100)
    await screen.decoder.aclose()
    assert slow.seen == seen
    assert screen.decoder.dropped == 20 - len(seen)


async def test_what_comes_at_once_is_all_decoded_but_bounded(slow: SlowContext) -> None:
    """A lost packet has come at last, and with it all the pictures that waited for it."""
    screen = Screen()
    screen.put(unit(0, is_keyframe=True))
    assert await asyncio.to_thread(slow.begun.wait, 10)
    for timestamp in range(1, QUEUE_UNITS + 1):
        screen.put(unit(timestamp))
    assert not screen.keyframes_needed
    screen.put(unit(QUEUE_UNITS + 1))
    assert screen.keyframes_needed == 1
    slow.may_go_on.set()
    await screen.decoder.aclose()
    assert screen.decoder.dropped == QUEUE_UNITS + 1


async def test_after_a_failure_only_a_keyframe_is_decoded(caplog: pytest.LogCaptureFixture) -> None:
    screen = Screen()
    units = encoded(4)
    screen.put(units[0])
    screen.wait_pictures(1)
    screen.put(unit(1, data=b"no picture at all"))
    screen.wait(lambda: screen.keyframes_needed == 1)
    for each in units[1:]:
        screen.put(each)
    screen.put(units[0])
    screen.wait_pictures(2)
    assert screen.timestamps == [0, 0]
    assert screen.decoder.dropped == 3
    await screen.decoder.aclose()
    assert caplog.text.count("cannot decode") == 1


async def test_a_board_without_a_decoder_is_said_and_not_replaced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = parse({"media": {"decoder": "h264_v4l2m2m", "echo_canceller": "off"}})
    with pytest.raises(MediaError, match='set decoder = "software"'):
        async with open_unit(config):
            pass
    screen = Screen(on_board=True)
    screen.put(encoded(1)[0])
    screen.wait(lambda: screen.keyframes_needed == 1)
    await screen.decoder.aclose()
    assert not screen.timestamps
    assert "this board has no such decoder" in caplog.text


def test_a_picture_may_not_be_huge() -> None:
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 2560, 1440, "yuv420p"
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    encoder.time_base = Fraction(1, 30)
    black = av.VideoFrame.from_ndarray(np.zeros((2160, 2560), np.uint8), format="yuv420p")
    (packet,) = encoder.encode(black)
    context = codecs.open_decoder(VideoCodec.H264, on_board=False)
    with pytest.raises(av.FFmpegError):
        context.decode(packet)
