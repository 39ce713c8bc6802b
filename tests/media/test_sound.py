"""The microphone's way out and the voices' way in, without a network."""

import asyncio
import math
import threading

import numpy as np
import pytest
from hypothesis import given, strategies as st

from device.media import libopus
from device.media.libopus import PACKET_SAMPLES
from device.media.loop import LoopBridge
from device.media.playout.mixer import Mixer, mix
from device.media.playout.opus_decoder import OpusDecoder
from device.media.playout.packets import VoicePacket
from device.media.sending.queue import VOICE_PACKETS
from device.media.stages import StageTimes
from device.media.voice.encoder import BLOCKS_PER_PACKET, OpusEncoder
from device.media.voice.loss import FADE_S, WorstLoss
from device.media.voice.sender import UNMUTE_BLOCKS, VoiceSender
from hal import BLOCK_BYTES, BLOCK_SAMPLES
from hal.audio.sources import ToneSource
from tests.media.queues import contents, got
from tests.media.world import loudest_hz


def decoded(packets: list[bytes]) -> np.ndarray:
    """What a fresh receiver hears."""
    decoder = OpusDecoder()
    found = [decoder.decode(packet) for packet in packets]
    return np.concatenate([np.zeros(0, np.int16), *(sound for sound in found if sound is not None)])


def test_opus_carries_the_tone_and_its_options() -> None:
    source, encoder = ToneSource(440), OpusEncoder()
    packets = [encoder.encode(source.next_block() + source.next_block()) for _ in range(50)]
    assert all(packets), "one packet for each 20 ms, at once"
    assert abs(loudest_hz(decoded(packets)[-24_000:]) - 440) < 5
    assert 20_000 < 8 * sum(map(len, packets)) < 48_000, "about 32 kbit/s"
    assert PACKET_SAMPLES == 960


def test_silence_is_not_sent_but_now_and_then() -> None:
    for for_silence in (False, True):
        encoder = OpusEncoder(for_silence)
        packets = [encoder.encode(bytes(2 * PACKET_SAMPLES)) for _ in range(100)]
        assert all(packets[:8]), "200 ms of silence before it falls silent"
        assert 3 <= sum(map(bool, packets[20:])) <= 6, "about one in 400 ms"


def buzz(seconds: float) -> np.ndarray:
    """As much like a voice as a formula is: harmonics of 120 Hz, four syllables a second."""
    at_s = np.arange(int(48_000 * seconds)) / 48_000
    harmonics = sum(np.sin(2 * np.pi * 120 * n * at_s + n * n) / n for n in range(1, 25))
    return (harmonics * (1 + np.sin(2 * np.pi * 4 * at_s)) * 2000).astype("<i2")


@pytest.mark.parametrize("loss", [0.0, 0.12, 1.0])
def test_a_voice_is_protected_whatever_loss_is_expected(loss: float) -> None:
    """RFC 6716 section 4.2.4: LBRR, the packet before once more."""
    encoder = OpusEncoder()
    encoder.expect_loss(loss)
    packets = [encoder.encode(each.tobytes()) for each in buzz(2).reshape(-1, PACKET_SAMPLES)]
    protected = [libopus.load().opus_packet_has_lbrr(each, len(each)) for each in packets]
    assert sum(protected) > 70


@pytest.mark.parametrize("size", [0, 2 * PACKET_SAMPLES - 1, 4 * PACKET_SAMPLES])
def test_a_packet_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1920 bytes"):
        OpusEncoder().encode(bytes(size))


def test_the_worst_loss_counts_and_fades() -> None:
    losses = WorstLoss()
    losses.report("a", 0.2, 0.0)
    losses.report("b", 0.05, 0.0)
    assert losses.at(0.0) == 0.2
    losses.report("a", 0.0, 1.0)
    assert losses.at(1.0) == pytest.approx(0.2 * math.exp(-1 / FADE_S))
    losses.forget("a")
    assert 0.04 < losses.at(1.0) < 0.05
    losses.forget("b")
    assert losses.at(1.0) == 0.0


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=20))
def test_a_loss_fades_by_time_and_not_by_reports(times_s: list[float]) -> None:
    often, seldom = WorstLoss(), WorstLoss()
    for losses in (often, seldom):
        losses.report("a", 0.3, 0.0)
    for now_s in sorted(times_s):
        often.report("a", 0.0, now_s)
    assert often.at(10.0) == pytest.approx(seldom.at(10.0))


async def test_the_encoder_is_told_of_the_loss_by_the_capture_thread() -> None:
    sender, block = VoiceSender(LoopBridge(), False, StageTimes()), ToneSource(440).next_block()
    told: list[float] = []
    sender._encoder.expect_loss = told.append  # type: ignore[method-assign]
    sender.report_loss("a", 0.2)
    assert not told
    for _ in range(BLOCKS_PER_PACKET):
        sender.take(block)
    sender.forget_loss("a")
    for _ in range(BLOCKS_PER_PACKET):
        sender.take(block)
    assert told == pytest.approx([0.2, 0.0])


@pytest.mark.spec("4.mute_audio")
async def test_the_loop_waits_for_no_encoder() -> None:
    """A mute, and a loss reported, while Opus is at a packet: that packet is not sent."""
    sender, block = (
        VoiceSender(LoopBridge(), False, StageTimes()),
        ToneSource(1000, 0.9).next_block(),
    )
    queue = sender.add_queue()
    queue.open()
    is_encoding, may_go_on = threading.Event(), threading.Event()
    encode = sender._encoder.encode

    def slow(sound: bytes) -> bytes:
        is_encoding.set()
        assert may_go_on.wait(10)
        return encode(sound)

    sender._encoder.encode = slow  # type: ignore[method-assign]
    capture = threading.Thread(target=lambda: [sender.take(block) for _ in range(4)])
    capture.start()
    try:
        assert await asyncio.to_thread(is_encoding.wait, 10)
        sender.report_loss("a", 0.2)
        sender.forget_loss("a")
        sender.set_muted(True)
    finally:
        may_go_on.set()  # by the loop, which would not come to it if it waited
        await asyncio.to_thread(capture.join)
    await asyncio.sleep(0)
    assert not decoded(contents(queue)).any()


async def test_times_go_on_through_silence_that_is_not_sent() -> None:
    sender, source = VoiceSender(LoopBridge(), True, StageTimes()), ToneSource(440)
    queue = sender.add_queue()
    queue.open()
    for _ in range(100 * BLOCKS_PER_PACKET):
        sender.take(source.next_block())
    await asyncio.sleep(0)
    while (frame := await got(queue)).timestamp < 90 * PACKET_SAMPLES:
        assert frame.timestamp % PACKET_SAMPLES == 0


async def test_each_20_ms_are_encoded_once_for_all() -> None:
    sender, source = VoiceSender(LoopBridge(), False, StageTimes()), ToneSource(440)
    queues = [sender.add_queue() for _ in range(3)]
    for queue in queues:
        queue.open()
    for _ in range(5 * BLOCKS_PER_PACKET):
        sender.take(source.next_block())
    await asyncio.sleep(0)
    assert sender.encoded_packets == 5
    heard = [contents(queue) for queue in queues]
    assert len(heard[0]) == 5
    assert heard[0] == heard[1] == heard[2]


async def test_a_late_peer_loses_the_oldest() -> None:
    sender, source = VoiceSender(LoopBridge(), False, StageTimes()), ToneSource(440)
    queue = sender.add_queue()
    queue.open()
    for _ in range((VOICE_PACKETS + 5) * BLOCKS_PER_PACKET):
        sender.take(source.next_block())
    await asyncio.sleep(0)
    first = await got(queue)
    assert first.timestamp == 6 * PACKET_SAMPLES
    assert len(contents(queue)) == VOICE_PACKETS - 1


@pytest.mark.spec("4.mute_audio")
async def test_not_one_sample_after_the_mute() -> None:
    """Whenever the mute falls between two blocks, and whatever is queued or posted by then."""
    loud = np.full(BLOCK_SAMPLES, 20_000, "<i2")
    loud[::2] = -20_000
    block = ToneSource(1000, amplitude=0.9).next_block()
    for blocks_before in range(8):
        sender = VoiceSender(LoopBridge(), False, StageTimes())
        queue = sender.add_queue()
        queue.open()
        for _ in range(blocks_before):
            sender.take(block)
        if blocks_before % 3:
            await asyncio.sleep(0)  # some of it is posted, some has arrived
        sender.set_muted(True)
        for _ in range(20):
            sender.take(block)
        await asyncio.sleep(0)
        packets = contents(queue)
        assert len(packets) >= 9, "silence is sent on, so that the other end's clock goes on"
        assert not decoded(packets).any()


@pytest.mark.spec("4.mute_audio")
async def test_not_one_sample_while_the_capture_thread_runs() -> None:
    sender, source = VoiceSender(LoopBridge(), False, StageTimes()), ToneSource(1000, amplitude=0.9)
    queue = sender.add_queue()
    queue.open()
    stop = threading.Event()

    def capture() -> None:
        while not stop.is_set():
            sender.take(source.next_block())

    thread = threading.Thread(target=capture)
    thread.start()
    try:
        for _ in range(20):
            sender.set_muted(False)
            late = VOICE_PACKETS + 6  # some of the silence may still be queued
            assert decoded([(await got(queue)).payloads[0] for _ in range(late)]).any()
            sender.set_muted(True)
            assert not decoded([(await got(queue)).payloads[0] for _ in range(6)]).any()
    finally:
        stop.set()
        thread.join()


@pytest.mark.spec("4.mute_audio")
async def test_nothing_from_before_an_unmute() -> None:
    """What was captured just before it may still be in the sound card's buffer, or in a filter."""
    sender, block = (
        VoiceSender(LoopBridge(), True, StageTimes()),
        ToneSource(1000, 0.9).next_block(),
    )
    queue = sender.add_queue()
    queue.open()
    for _ in range(3):
        sender.take(block)
    sender.set_muted(False)
    for _ in range(UNMUTE_BLOCKS - 1):
        sender.take(block)
    await asyncio.sleep(0)
    assert np.abs(decoded(contents(queue))).max() < 20, "the noise of comfort of SILK"
    for _ in range(3 * BLOCKS_PER_PACKET):
        sender.take(block)
    await asyncio.sleep(0)
    assert decoded(contents(queue)).any()


async def test_times_go_on_through_a_mute() -> None:
    sender, source = VoiceSender(LoopBridge(), False, StageTimes()), ToneSource(440)
    queue = sender.add_queue()
    queue.open()
    times = []
    for number in range(12):
        if number in (4, 8):
            sender.set_muted(number == 4)
        sender.take(source.next_block())
        sender.take(source.next_block())
        await asyncio.sleep(0)
        times.append((await got(queue)).timestamp)
    assert times == [PACKET_SAMPLES * (number + 1) for number in range(12)]


async def test_nothing_is_posted_after_the_end() -> None:
    bridge = LoopBridge()
    told: list[int] = []
    bridge.post(told.append, 1)
    await asyncio.sleep(0)
    bridge.post(told.append, 2)
    bridge.close()
    bridge.post(told.append, 3)
    await asyncio.sleep(0)
    assert told == [1]


class TonePackets:
    """A voice of one frequency, a packet at a time."""

    def __init__(self, tone_hz: int) -> None:
        self._source = ToneSource(tone_hz)
        self._encoder = OpusEncoder()
        self._number = 0

    def next(self) -> VoicePacket:
        payload = self._encoder.encode(self._source.next_block() + self._source.next_block())
        self._number += 1
        return VoicePacket(1, self._number, self._number * PACKET_SAMPLES, payload)


def test_voices_are_mixed_until_they_are_removed() -> None:
    now_s = 0.0
    mixer = Mixer(StageTimes(), lambda: now_s)
    voices = {"a": TonePackets(500), "b": TonePackets(1500)}
    heard: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for number in range(200):
        now_s += 0.01
        if number == 100:
            mixer.remove("a")
            del voices["a"]
        for uid, voice in voices.items():
            if number % 2:
                mixer.put(uid, voice.next())
        block = mixer.next_block()
        assert len(block) == BLOCK_BYTES
        heard["a" in voices].append(np.frombuffer(block, "<i2"))
    both, one = (strengths(np.concatenate(heard[has_a][-50:])) for has_a in (True, False))
    assert 0.5 < both[500] / both[1500] < 2
    assert one[500] < 0.01 * one[1500]
    assert mixer.counts("b").packets == 100
    assert mixer.counts("a").packets == 0
    assert mixer.voice("a") is None
    assert mixer.voice("b") is not None


def strengths(sound: np.ndarray) -> dict[int, float]:
    """Of each frequency that is asked for, in steps of 2 Hz."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return {hz: float(spectrum[hz // 2 - 1 : hz // 2 + 2].max()) for hz in (500, 1500)}


@pytest.mark.parametrize("voices", [2, 3, 8])
def test_a_sum_never_clips(voices: int) -> None:
    phase = np.linspace(0, 2 * np.pi, BLOCK_SAMPLES)
    loud = (np.sin(phase) * 32_767).astype(np.int16)
    total = mix([loud] * voices).astype(int)
    assert np.abs(total).max() <= 32_767
    assert (np.sign(total) == np.sign(loud)).all(), "no sample wraps around"
    rising = total[: BLOCK_SAMPLES // 4]
    assert (np.diff(rising) >= 0).all(), "louder stays louder"
    assert np.abs(np.diff(total)).max() < 3_000 * voices


def level(value: int) -> np.ndarray:
    return np.full(BLOCK_SAMPLES, value, np.int16)


def test_a_soft_sum_is_exact() -> None:
    assert (mix([level(10_000), level(-2_500), level(3)]) == 7_503).all()


def test_an_extreme_sum() -> None:
    assert (mix([level(-32_768)] * 4) == -32_767).all() or (
        mix([level(-32_768)] * 4) < -32_000
    ).all()
