"""Lips and voice in step, whichever is late: on a simulated line, and by two engines."""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from device.media.picture.sync import LipSync, SenderReport
from device.media.playout.delay import MOST_MINIMUM_S
from device.media.playout.voice_buffer import VoiceBuffer
from hal import BLOCK_S, EncodedFrame
from tests.media.conftest import MakeStation
from tests.media.voice_line import PACKET_S, packets, sent
from tests.media.world import Station, connect, until

IN_STEP_S = 0.04
SECONDS, PICTURES_UNTIL_S = 14.0, 9.0
RATE_HZ = 30
VOICE_ORIGIN = packets(1)[0].timestamp
NTP_S = 3.9e9


@dataclass
class Call:
    """A voice that takes ``voice_s`` from a packet's end to here; pictures that take ``picture_s``, give
    or take ``jitter_s``, until they are decoded. The pictures end before the voice does."""

    picture_s: float
    voice_s: float = 0.0
    jitter_s: float = 0.0
    buffer: VoiceBuffer = field(default_factory=VoiceBuffer)
    sync: LipSync = field(default_factory=LipSync)
    heard: list[tuple[float, float]] = field(default_factory=list)
    """What was said when, and when it was heard."""
    shown: list[tuple[float, float]] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)

    def run(self) -> None:
        self.sync.on_voice_report(SenderReport(NTP_S, VOICE_ORIGIN))
        self.sync.on_picture_report(SenderReport(NTP_S, 0))
        chance = random.Random(5)
        count = int(SECONDS / PACKET_S)
        voice = [
            ((at + 1) * PACKET_S + self.voice_s, each) for at, each in enumerate(packets(count))
        ]
        taken_s = [number / RATE_HZ for number in range(int(PICTURES_UNTIL_S * RATE_HZ))]
        late_s = [self.picture_s + self.jitter_s * chance.uniform(-1, 1) for _ in taken_s]
        ready = sorted((at_s + wait_s, at_s) for at_s, wait_s in zip(taken_s, late_s, strict=True))
        for block in range(int(SECONDS / BLOCK_S)):
            now_s = block * BLOCK_S
            while voice and voice[0][0] <= now_s:
                arrival_s, packet = voice.pop(0)
                self.buffer.put(packet, arrival_s)
            self.buffer.next_block(now_s)
            self._note(now_s)
            while ready and ready[0][0] <= now_s + BLOCK_S:
                self._show(*ready.pop(0))

    def _note(self, now_s: float) -> None:
        self.delays_s.append(self.buffer.counts.delay_s)
        playing = self.buffer.playing()
        if playing is not None:
            said_s = (playing.timestamp - VOICE_ORIGIN) % 2**32 / 48_000
            self.heard.append((said_s, now_s))

    def _show(self, ready_s: float, taken_s: float) -> None:
        timestamp = round(taken_s * 90_000)
        show_s = self.sync.show_at_s(timestamp, ready_s, self.buffer.playing())
        self.buffer.delay_at_least(self.sync.voice_minimum_s, ready_s)
        self.shown.append((taken_s, show_s))

    def offsets_s(self) -> np.ndarray:
        """By how much each picture was later than its sound, over the last 3 s with pictures."""
        said_s, heard_s = np.array(self.heard).T
        taken_s, shown_s = np.array(self.shown[-3 * RATE_HZ :]).T
        return np.asarray(shown_s - np.interp(taken_s, said_s, heard_s))

    def delay_s(self, until_s: float) -> float:
        """Of the voice, over the second before."""
        end = int(until_s / BLOCK_S)
        return float(np.median(self.delays_s[end - 100 : end]))


@pytest.mark.parametrize("jitter_s", [0.0, 0.015])
@pytest.mark.parametrize(
    ("picture_s", "voice_s"), [(0.02, 0.0), (0.02, 0.1), (0.06, 0.0), (0.12, 0.0), (0.18, 0.0)]
)
def test_whichever_is_late_is_waited_for(picture_s: float, voice_s: float, jitter_s: float) -> None:
    call = Call(picture_s, voice_s, jitter_s)
    call.run()
    assert float(np.quantile(np.abs(call.offsets_s()), 0.95)) < IN_STEP_S
    told_s = call.sync.offset_s
    assert told_s is not None
    assert abs(told_s - float(np.median(call.offsets_s()))) < 0.01


def test_the_voice_waits_no_longer_than_it_must() -> None:
    alone, early, late, far_behind = Call(0.0), Call(0.03), Call(0.12), Call(0.5)
    for call in (alone, early, late, far_behind):
        call.run()
    own_s = alone.delay_s(PICTURES_UNTIL_S)
    assert own_s < 0.03
    assert early.delay_s(PICTURES_UNTIL_S) < own_s + 0.005
    assert late.delay_s(PICTURES_UNTIL_S) < 0.12 - PACKET_S
    assert far_behind.delay_s(PICTURES_UNTIL_S) < MOST_MINIMUM_S + 0.01
    for call in (late, far_behind):
        assert call.delay_s(SECONDS) < own_s + 0.015, "and for no picture that does not come"


def late_pictures(station: Station, count: int) -> None:
    """Its encoder is slow: each picture leaves it so many pictures later."""
    hub = station.engine._hub
    take, waiting = hub.take, list[EncodedFrame]()

    def later(frame: EncodedFrame) -> None:
        waiting.append(frame)
        if len(waiting) > count:
            take(waiting.pop(0))

    hub.take = later  # type: ignore[method-assign]


def test_what_is_heard_goes_on_through_a_pause() -> None:
    """The sender is silent and sends nothing: pictures are not held for that."""
    buffer, voice = VoiceBuffer(), sent(packets(10))
    coming, said_s = next(voice, None), []
    for block in range(60):
        now_s = block * BLOCK_S
        while coming is not None and coming[0] <= now_s:
            buffer.put(coming[1], coming[0])
            coming = next(voice, None)
        buffer.next_block(now_s)
        playing = buffer.playing()
        if playing is not None:
            said_s.append((playing.timestamp - VOICE_ORIGIN) % 2**32 / 48_000)
    steps_s = np.diff(said_s)
    assert steps_s.min() > 0.9 * BLOCK_S
    assert steps_s.max() < 1.1 * BLOCK_S


async def test_a_voice_waits_for_the_pictures_of_a_slow_encoder(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    late_pictures(door, 2)
    await connect(door, hall)

    def offset_s() -> float | None:
        return hall.engine.statistics().peers["door"].lip_offset_s

    def delay_s() -> float:
        return hall.engine.statistics().peers["door"].voice.delay_s

    await until(lambda: abs(offset_s() or 1.0) < IN_STEP_S)
    assert delay_s() > 0.05
