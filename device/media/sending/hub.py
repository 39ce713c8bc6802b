"""One camera, any number of peers: each encoded frame is made a packet once and queued for each."""

import time
from collections import deque
from collections.abc import Callable

from device.media.sending.frame import MediaFrame
from device.media.sending.keyframes import KeyframeGate
from device.media.sending.parameter_sets import ParameterSets
from device.media.sending.queue import VideoQueue, put_in_each
from device.media.stages import Stage, StageTimes
from hal import EncodedFrame

VIDEO_CLOCK_HZ = 90_000
"""RFC 6184 section 8.2.1."""
RATE_WINDOW_NS = 1_000_000_000


class VideoHub:
    """Takes the camera's frames, in the event loop, and hands them to the queues."""

    def __init__(
        self,
        gate: KeyframeGate,
        cut: Callable[[bytes], tuple[bytes, ...]],
        stages: StageTimes,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``cut`` makes RTP payloads of an access unit."""
        self._stages = stages
        self._now_s = now_s
        self._gate = gate
        self._cut = cut
        self._queues: set[VideoQueue] = set()
        self._origin_ns: int | None = None
        self._recent: deque[tuple[int, int]] = deque()
        self._sets = ParameterSets()
        self.frames = 0
        self.keyframes = 0
        self.bytes = 0
        self.cuts = 0

    def add_queue(self) -> VideoQueue:
        queue = VideoQueue(self._gate, self._now_s)
        self._queues.add(queue)
        return queue

    def remove_queue(self, queue: VideoQueue) -> None:
        self._queues.discard(queue)

    def take(self, frame: EncodedFrame) -> None:
        """Cut once for all who are sent it."""
        if self._origin_ns is None:
            self._origin_ns = frame.capture_time_ns
        self._count(frame)
        captured_s, now_s = frame.capture_time_ns / 1e9, self._now_s()
        self._time(frame, now_s)
        data = frame.data
        if frame.is_keyframe:
            self._gate.came()
            data = self._sets.complete(data)
        queues = [queue for queue in self._queues if queue.is_open]
        if not queues:
            return
        self.cuts += 1
        elapsed_ns = frame.capture_time_ns - self._origin_ns
        timestamp = elapsed_ns * VIDEO_CLOCK_HZ // 1_000_000_000
        cut = MediaFrame(self._cut(data), timestamp, captured_s, now_s, frame.is_keyframe)
        put_in_each(queues, cut)

    @property
    def sent_bps(self) -> float:
        """What the encoder gave over the last RATE_WINDOW_NS of capture."""
        return sum(size for _, size in self._recent) * 8e9 / RATE_WINDOW_NS

    def _time(self, frame: EncodedFrame, now_s: float) -> None:
        begun_ns = frame.capture_time_ns
        if frame.encode_begun_ns is not None:
            begun_ns = frame.encode_begun_ns
            self._stages.add(Stage.CAPTURE, (begun_ns - frame.capture_time_ns) / 1e9)
        self._stages.add(Stage.ENCODE, now_s - begun_ns / 1e9)

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
