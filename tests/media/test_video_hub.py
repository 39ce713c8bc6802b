"""The hub, the keyframe gate and the parameter sets, by a clock turned by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from device.media.sending.frame import MediaFrame
from device.media.sending.hub import VideoHub
from device.media.sending.keyframes import INTERVAL_S, KeyframeGate
from device.media.sending.parameter_sets import ParameterSets
from device.media.sending.queue import (
    ASK_AGAIN_S,
    ASK_LONGEST_S,
    VIDEO_S,
    VOICE_PACKETS,
    VoiceQueue,
)
from device.media.stages import StageTimes
from hal import EncodedFrame, Facing
from tests.media.queues import contents, drained

SPS, PPS, IDR, SLICE = b"\x67sps", b"\x68pps", b"\x65idr", b"\x41slice"
START, LONG_START = b"\0\0\1", b"\0\0\0\1"


class Clock:
    """Time, and one thing to do later."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.due: tuple[float, Callable[[], None]] | None = None

    def call_at(self, when_s: float, callback: Callable[[], None]) -> "Clock":
        self.due = when_s, callback
        return self

    def cancel(self) -> None:
        self.due = None

    def turn(self, seconds: float) -> None:
        self.now_s += seconds
        if self.due is not None and self.now_s >= self.due[0]:
            callback = self.due[1]
            self.due = None
            callback()


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.requests: list[float] = []
        self.gate = KeyframeGate(
            lambda: self.requests.append(self.clock.now_s),
            lambda: self.clock.now_s,
            self.clock.call_at,
        )
        self.hub = VideoHub(self.gate, lambda data: (data,), StageTimes(), lambda: self.clock.now_s)
        self.frames = 0

    def shoot(self, keyframe: bool = False, size: int = 1000, after_s: float = 1 / 32) -> bytes:
        """The next frame of the camera."""
        self.clock.turn(after_s)
        self.frames += 1
        number = self.frames.to_bytes(4, "big")
        slices = START + SPS + START + PPS + START + IDR if keyframe else START + SLICE
        data = (slices + number).ljust(size, b"\x55")
        self.hub.take(EncodedFrame(data, keyframe, self.frames * 33_333_333, Facing.FRONT))
        return data


@pytest.fixture
def world() -> World:
    return World()


def test_nothing_before_the_link_is_up_and_then_a_keyframe_first(world: World) -> None:
    queue = world.hub.add_queue()
    world.shoot(keyframe=True)
    world.shoot()
    queue.open()
    assert len(world.requests) == 1
    world.shoot()
    keyframe = world.shoot(keyframe=True)
    after = world.shoot()
    assert contents(queue) == [keyframe, after]


def test_times_are_in_90000ths_from_the_first_frame(world: World) -> None:
    queue = world.hub.add_queue()
    queue.open()
    world.shoot(keyframe=True)
    world.shoot()
    frames = drained(queue)
    assert [frame.timestamp for frame in frames] == [0, 2999]
    assert frames[1].captured_s - frames[0].captured_s == pytest.approx(1 / 30, abs=1e-6)


def test_all_peers_share_what_was_cut_once(world: World) -> None:
    queues = [world.hub.add_queue() for _ in range(3)]
    for queue in queues:
        queue.open()
    world.shoot(keyframe=True)
    frames = [drained(queue)[0] for queue in queues]
    assert frames[0] is frames[1] is frames[2]
    assert world.hub.cuts == 1


def test_nothing_is_cut_for_nobody(world: World) -> None:
    world.hub.add_queue()
    world.shoot(keyframe=True)
    assert world.hub.cuts == 0


@pytest.mark.parametrize("hz", [32, 16, 8])
def test_a_slow_peer_is_dropped_to_its_next_keyframe(world: World, hz: int) -> None:
    slow, quick = world.hub.add_queue(), world.hub.add_queue()
    slow.open()
    quick.open()
    world.shoot(keyframe=True)
    assert len(contents(quick)) == 1
    waiting = int(VIDEO_S * hz)
    for number in range(waiting):
        assert slow.dropped == 0, number
        world.shoot(after_s=1 / hz)
        assert len(contents(quick)) == 1, "the others lose nothing"
    assert slow.dropped == waiting + 1
    world.shoot()
    assert contents(slow) == []
    keyframe, after = world.shoot(keyframe=True), world.shoot()
    assert contents(slow) == [keyframe, after]


def test_who_fell_behind_asks_for_a_keyframe_once_there_is_room_for_it(world: World) -> None:
    queue = world.hub.add_queue()
    queue.open()
    world.shoot(keyframe=True)
    queue.take()  # and is busy with it
    world.clock.turn(10)
    requests = len(world.requests)
    while not queue.dropped:
        world.shoot()
    world.shoot()
    assert len(world.requests) == requests, "what is begun still leaves"
    assert queue.take() is None
    assert len(world.requests) == requests + 1


def test_a_queue_that_falls_behind_again_and_again_asks_more_and_more_seldom(world: World) -> None:
    queue = world.hub.add_queue()
    queue.open()
    begun_s = world.clock.now_s
    queue.wake(lambda: queue.take())
    while world.clock.now_s < begun_s + 30:
        world.shoot()
    between_s = np.diff(world.requests)
    longest_s = [min(ASK_AGAIN_S * 2**at, ASK_LONGEST_S) for at in range(len(between_s))]
    assert between_s == pytest.approx(longest_s, abs=0.04)
    world.shoot(keyframe=True)
    world.clock.turn(3 * ASK_LONGEST_S)
    world.hub.clear()
    requests = len(world.requests)
    while world.clock.now_s < begun_s + 30 + 3 * ASK_LONGEST_S + 1.5 * ASK_AGAIN_S:
        world.shoot()
    assert len(world.requests) == requests + 2, "long ago is forgotten"


def test_a_keyframe_on_its_way_to_a_peer_is_what_it_asks_for(world: World) -> None:
    queue = world.hub.add_queue()
    queue.open()
    requests = len(world.requests)

    def ask() -> int:
        world.clock.turn(1)
        queue.on_keyframe_wanted()
        return len(world.requests) - requests

    assert ask() == 0, "it waits for one itself"
    world.shoot(keyframe=True)
    assert ask() == 0, "queued"
    queue.take()
    assert ask() == 0, "leaving"
    queue.take()
    assert ask() == 1


def test_a_peer_who_cannot_be_sent_to_takes_nothing_from_the_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    queues = [world.hub.add_queue() for _ in range(3)]

    def fail() -> None:
        raise AttributeError("it broke")

    for queue in queues:
        queue.open()
    queues[1].wake(fail)
    keyframe = world.shoot(keyframe=True)
    after = world.shoot()
    assert [contents(queue) for queue in queues] == [[keyframe, after], [], [keyframe, after]]
    assert caplog.records


def test_a_full_queue_begins_anew_with_a_keyframe_that_comes(world: World) -> None:
    queue = world.hub.add_queue()
    queue.open()
    world.shoot(keyframe=True)
    world.shoot()
    keyframe = world.shoot(keyframe=True, after_s=VIDEO_S)
    assert contents(queue) == [keyframe]
    assert queue.dropped == 2


def test_a_late_voice_is_dropped_and_counted() -> None:
    queue = VoiceQueue()
    queue.open()
    packets = [MediaFrame((bytes([number]),), number, 0.0, 0.0) for number in range(12)]
    for packet in packets:
        queue.put(packet)
    assert drained(queue) == packets[-VOICE_PACKETS:]
    assert queue.dropped == 12 - VOICE_PACKETS


def test_a_closed_camera_leaves_nothing_queued(world: World) -> None:
    queue = world.hub.add_queue()
    queue.open()
    world.shoot(keyframe=True)
    assert world.hub.sent_bps > 0
    world.hub.clear()
    assert world.hub.sent_bps == 0
    world.shoot()
    assert contents(queue) == []


def test_the_gate_joins_requests(world: World) -> None:
    for _ in range(50):
        world.gate.ask()
        world.clock.turn(0.01)
    assert world.requests == [100.0, pytest.approx(100.0 + INTERVAL_S, abs=0.011)]
    assert (world.gate.asked, world.gate.made) == (50, 2)


def test_who_has_just_connected_does_not_wait(world: World) -> None:
    world.gate.ask()
    world.gate.came()
    world.clock.turn(0.05)
    world.gate.ask(at_once=True)
    assert len(world.requests) == 2


def test_two_who_connect_together_share_the_keyframe_on_its_way(world: World) -> None:
    world.gate.ask(at_once=True)
    world.clock.turn(0.01)
    world.gate.ask(at_once=True)
    world.gate.came()
    world.clock.turn(1)
    assert len(world.requests) == 1
    world.gate.ask(at_once=True)
    world.clock.turn(1)  # the camera was closed and gave none
    world.gate.ask(at_once=True)
    assert len(world.requests) == 3


def test_a_keyframe_that_comes_by_itself_answers_what_is_due(world: World) -> None:
    world.gate.ask()
    world.clock.turn(0.1)
    world.gate.ask()
    world.gate.came()
    world.clock.turn(1)
    assert len(world.requests) == 1


def test_after_the_end_nothing_is_requested(world: World) -> None:
    world.gate.ask()
    world.gate.ask()
    world.gate.close()
    world.gate.ask()
    world.clock.turn(1)
    assert len(world.requests) == 1
    assert world.clock.due is None


def test_parameter_sets_are_put_where_they_lack() -> None:
    sets = ParameterSets()
    whole = LONG_START + SPS + START + PPS + LONG_START + IDR
    bare = LONG_START + IDR
    assert sets.complete(bare) == bare, "none seen yet"
    assert sets.complete(whole) == whole
    assert sets.complete(bare) == LONG_START + SPS + LONG_START + PPS + bare
    other = START + b"\x09\xf0" + START + b"\x67new" + START + PPS + START + IDR
    assert sets.complete(other) == other
    assert sets.complete(bare).startswith(LONG_START + b"\x67new")


@pytest.mark.parametrize("junk", [b"", b"\0\0\1", b"\1\2\3", b"\0\0\0", START + SPS, START])
def test_parameter_sets_take_anything(junk: bytes) -> None:
    assert ParameterSets().complete(junk) == junk
