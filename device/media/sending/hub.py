"""One camera, any number of peers: each encoded frame is made a packet once and queued for each."""

import asyncio
from collections import deque
from fractions import Fraction

from device.media.sending.keyframes import KeyframeGate
from device.media.sending.packet import Packet, new_packet
from device.media.sending.parameter_sets import ParameterSets
from hal import EncodedFrame

VIDEO_CLOCK = Fraction(1, 90_000)
RATE_WINDOW_NS = 1_000_000_000
QUEUE_FRAMES = 15
"""Half a second. A peer further behind is sent nothing until the next keyframe."""


class VideoQueue:
    """The frames on their way to one peer. Shut until the link is up; opens with a keyframe."""

    def __init__(self, gate: KeyframeGate) -> None:
        self._gate = gate
        self._packets: deque[Packet] = deque()
        self._filled = asyncio.Event()
        self._is_open = False
        self._needs_keyframe = True
        self.dropped = 0

    def open(self) -> None:
        """The link is up: from the next keyframe on, which is asked for at once."""
        if not self._is_open:
            self._is_open = True
            self._needs_keyframe = True
            self._gate.ask(at_once=True)

    def put(self, packet: Packet, is_keyframe: bool) -> None:
        """Never blocks; a full queue is emptied, and waits for the next keyframe."""
        if not self._is_open or (self._needs_keyframe and not is_keyframe):
            return
        if len(self._packets) >= QUEUE_FRAMES and not is_keyframe:
            self.dropped += len(self._packets) + 1
            self._packets.clear()
            self._needs_keyframe = True
            self._gate.ask()
            return
        if is_keyframe and len(self._packets) >= QUEUE_FRAMES:
            self.dropped += len(self._packets)
            self._packets.clear()
        self._needs_keyframe = False
        self._packets.append(packet)
        self._filled.set()

    def clear(self) -> None:
        """Forget what is queued: the camera was closed."""
        self._packets.clear()
        self._needs_keyframe = True

    async def get(self) -> Packet:
        """The next frame; waits for one for as long as it takes."""
        while not self._packets:
            self._filled.clear()
            await self._filled.wait()
        return self._packets.popleft()


class VideoHub:
    """Takes the camera's frames, in the event loop, and hands them to the queues."""

    def __init__(self, gate: KeyframeGate) -> None:
        self._gate = gate
        self._queues: set[VideoQueue] = set()
        self._origin_ns: int | None = None
        self._recent: deque[tuple[int, int]] = deque()
        self._sets = ParameterSets()
        self.frames = 0
        self.keyframes = 0
        self.bytes = 0

    def add_queue(self) -> VideoQueue:
        queue = VideoQueue(self._gate)
        self._queues.add(queue)
        return queue

    def remove_queue(self, queue: VideoQueue) -> None:
        self._queues.discard(queue)

    def take(self, frame: EncodedFrame) -> None:
        """One packet for all: it is cut to RTP payloads only once."""
        if self._origin_ns is None:
            self._origin_ns = frame.capture_time_ns
        self._count(frame)
        data = frame.data
        if frame.is_keyframe:
            self._gate.came()
            data = self._sets.complete(data)
        packet = new_packet(data)
        packet.pts = (frame.capture_time_ns - self._origin_ns) * 9 // 100_000
        packet.time_base = VIDEO_CLOCK
        for queue in self._queues:
            queue.put(packet, frame.is_keyframe)

    @property
    def sent_bps(self) -> float:
        """What the encoder gave over the last RATE_WINDOW_NS of capture."""
        return sum(size for _, size in self._recent) * 8e9 / RATE_WINDOW_NS

    def _count(self, frame: EncodedFrame) -> None:
        self.frames += 1
        self.keyframes += frame.is_keyframe
        self.bytes += len(frame.data)
        self._recent.append((frame.capture_time_ns, len(frame.data)))
        while self._recent[0][0] < frame.capture_time_ns - RATE_WINDOW_NS:
            self._recent.popleft()

    def clear(self) -> None:
        """The camera was closed; what is queued is not sent any more."""
        self._recent.clear()
        for queue in self._queues:
            queue.clear()
