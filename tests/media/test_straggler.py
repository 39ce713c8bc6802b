"""One encoder, two peers with room and one without, by a clock turned by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from device.media.sending.frame import MediaFrame
from device.media.sending.keyframes import KeyframeGate
from device.media.sending.pacer import Pacer
from device.media.sending.queue import VideoQueue

VIDEO_BPS = 1_200_000
HZ = 30
PACKET = 1200
KEYFRAME_PACKETS, PACKETS = 16, 4
STALLED_S = 0.3


@dataclass
class Link:
    """Sends what its queue has as its pacer lets it; its peer asks while no whole picture comes."""

    queue: VideoQueue
    pacer: Pacer
    frame: MediaFrame | None = None
    packets_left: int = 0
    asked_s: float = 0.0
    whole: list[float] = field(default_factory=list)

    def run(self, now_s: float) -> None:
        while True:
            if self.frame is None:
                self.frame = self.queue.take()
                if self.frame is None:
                    break
                self.packets_left = len(self.frame.payloads)
                self.pacer.begin(self.frame.size, now_s)
            if self.pacer.wait_s(now_s) > 0:
                break
            self.pacer.release([PACKET], now_s)
            self.packets_left -= 1
            if not self.packets_left:
                self.frame = None
                self.whole.append(now_s)
        if now_s > max(self.asked_s, self.whole[-1] if self.whole else 0.0) + STALLED_S:
            self.asked_s = now_s
            self.queue.on_keyframe_wanted()


class Call:
    def __init__(self, *paced_bps: float) -> None:
        self.now_s = 100.0
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._wants_keyframe = False
        self.keyframes = 0
        self.gate = KeyframeGate(self._request, lambda: self.now_s, self._call_at)
        self.links = [
            Link(VideoQueue(self.gate, lambda: self.now_s), Pacer(lambda bps=bps: bps))  # type: ignore[misc]
            for bps in paced_bps
        ]
        for link in self.links:
            link.queue.open()

    def _request(self) -> None:
        self._wants_keyframe = True

    def _call_at(self, when_s: float, callback: Callable[[], None]) -> "Call":
        self._due.append((when_s, callback))
        return self

    def cancel(self) -> None:
        self._due.clear()

    def run(self, seconds: float) -> None:
        """In steps of a millisecond."""
        for step in range(int(seconds * 1000)):
            self.now_s += 0.001
            if self._due and self.now_s >= self._due[0][0]:
                self._due.pop()[1]()
            if step % (1000 // HZ) == 0:
                self._shoot()
            for link in self.links:
                link.run(self.now_s)

    def _shoot(self) -> None:
        is_keyframe, self._wants_keyframe = self._wants_keyframe, False
        if is_keyframe:
            self.keyframes += 1
            self.gate.came()
        payloads = (bytes(PACKET),) * (KEYFRAME_PACKETS if is_keyframe else PACKETS)
        frame = MediaFrame(payloads, 0, self.now_s, self.now_s, is_keyframe)
        for link in self.links:
            link.queue.put(frame)


def test_a_straggler_costs_the_others_few_keyframes() -> None:
    call = Call(300_000, 1.5 * VIDEO_BPS, 1.5 * VIDEO_BPS)
    call.run(60)
    assert call.keyframes <= 10
    straggler, *others = call.links
    assert straggler.queue.dropped > 1000
    for link in others:
        assert link.queue.dropped == 0
        assert len(link.whole) > 59 * HZ
    longest_s = max(b - a for a, b in zip(straggler.whole, straggler.whole[1:], strict=False))
    assert longest_s < 10, "it sees a still now and then"


def test_nobody_behind_asks_for_nothing() -> None:
    call = Call(1.5 * VIDEO_BPS, 1.5 * VIDEO_BPS)
    call.run(10)
    assert call.keyframes == 1
