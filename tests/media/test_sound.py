"""The microphone's way out and the voices' way in, without a network."""

import asyncio
import threading

import av
import numpy as np
import pytest

from device.media import libopus
from device.media.loop import LoopBridge
from device.media.picture.remote import mono
from device.media.playout.mixer import MOST_SAMPLES, TARGET_SAMPLES, Mixer, mix
from device.media.voice.encoder import BLOCKS_PER_PACKET, PACKET_SAMPLES, OpusEncoder
from device.media.voice.sender import QUEUE_PACKETS, UNMUTE_BLOCKS, VoiceQueue, VoiceSender
from hal import BLOCK_BYTES, BLOCK_SAMPLES
from hal.audio.sources import ToneSource
from tests.media.world import loudest_hz


def decoded(packets: list[bytes]) -> np.ndarray:
    """What a fresh receiver hears."""
    context = av.CodecContext.create("libopus", "r")
    context.sample_rate, context.layout, context.format = 48_000, "stereo", "s16"
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    return np.concatenate([mono(frame) for frame in frames]) if frames else np.zeros(0, np.int16)


async def drained(queue: VoiceQueue) -> list[bytes]:
    found = []
    while True:
        try:
            async with asyncio.timeout(0):
                found.append(bytes(await queue.get()))
        except TimeoutError:
            return found


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
    encoder = OpusEncoder(loss=loss)
    packets = [encoder.encode(each.tobytes()) for each in buzz(2).reshape(-1, PACKET_SAMPLES)]
    protected = [libopus.load().opus_packet_has_lbrr(each, len(each)) for each in packets]
    assert sum(protected) > 70


@pytest.mark.parametrize("size", [0, 2 * PACKET_SAMPLES - 1, 4 * PACKET_SAMPLES])
def test_a_packet_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1920 bytes"):
        OpusEncoder().encode(bytes(size))


async def test_the_worst_loss_counts_and_is_forgotten_slowly() -> None:
    sender = VoiceSender(LoopBridge(), muted=False)
    asked: list[float] = []
    sender._encoder.expect_loss = asked.append  # type: ignore[method-assign]
    sender.report_loss("a", 0.2)
    sender.report_loss("b", 0.05)
    sender.report_loss("a", 0.0)
    sender.forget_loss("a")
    sender.forget_loss("b")
    assert asked == pytest.approx([0.2, 0.2, 0.18, 0.05, 0.0])


async def test_times_go_on_through_silence_that_is_not_sent() -> None:
    sender, source = VoiceSender(LoopBridge(), muted=True), ToneSource(440)
    queue = sender.add_queue()
    queue.open()
    for _ in range(100 * BLOCKS_PER_PACKET):
        sender.take(source.next_block())
    await asyncio.sleep(0)
    while (packet := await queue.get()).pts < 90 * PACKET_SAMPLES:
        assert packet.pts % PACKET_SAMPLES == 0


async def test_each_20_ms_are_encoded_once_for_all() -> None:
    sender, source = VoiceSender(LoopBridge(), muted=False), ToneSource(440)
    queues = [sender.add_queue() for _ in range(3)]
    for queue in queues:
        queue.open()
    for _ in range(5 * BLOCKS_PER_PACKET):
        sender.take(source.next_block())
    await asyncio.sleep(0)
    assert sender.encoded_packets == 5
    heard = [await drained(queue) for queue in queues]
    assert len(heard[0]) == 5
    assert heard[0] == heard[1] == heard[2]


async def test_a_late_peer_loses_the_oldest() -> None:
    sender, source = VoiceSender(LoopBridge(), muted=False), ToneSource(440)
    queue = sender.add_queue()
    queue.open()
    for _ in range((QUEUE_PACKETS + 5) * BLOCKS_PER_PACKET):
        sender.take(source.next_block())
    await asyncio.sleep(0)
    first = await queue.get()
    assert first.pts == 6 * PACKET_SAMPLES
    assert len(await drained(queue)) == QUEUE_PACKETS - 1


@pytest.mark.spec("4.mute_audio")
async def test_not_one_sample_after_the_mute() -> None:
    """Whenever the mute falls between two blocks, and whatever is queued or posted by then."""
    loud = np.full(BLOCK_SAMPLES, 20_000, "<i2")
    loud[::2] = -20_000
    block = ToneSource(1000, amplitude=0.9).next_block()
    for blocks_before in range(8):
        sender = VoiceSender(LoopBridge(), muted=False)
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
        packets = await drained(queue)
        assert len(packets) >= 9, "silence is sent on, so that the other end's clock goes on"
        assert not decoded(packets).any()


@pytest.mark.spec("4.mute_audio")
async def test_not_one_sample_while_the_capture_thread_runs() -> None:
    sender, source = VoiceSender(LoopBridge(), muted=False), ToneSource(1000, amplitude=0.9)
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
            late = QUEUE_PACKETS + 6  # some of the silence may still be queued
            assert decoded([bytes(await queue.get()) for _ in range(late)]).any()
            sender.set_muted(True)
            assert not decoded([bytes(await queue.get()) for _ in range(6)]).any()
    finally:
        stop.set()
        thread.join()


@pytest.mark.spec("4.mute_audio")
async def test_nothing_from_before_an_unmute() -> None:
    """What was captured just before it may still be in the sound card's buffer, or in a filter."""
    sender, block = VoiceSender(LoopBridge(), muted=True), ToneSource(1000, 0.9).next_block()
    queue = sender.add_queue()
    queue.open()
    for _ in range(3):
        sender.take(block)
    sender.set_muted(False)
    for _ in range(UNMUTE_BLOCKS - 1):
        sender.take(block)
    await asyncio.sleep(0)
    assert np.abs(decoded(await drained(queue))).max() < 20, "the noise of comfort of SILK"
    for _ in range(3 * BLOCKS_PER_PACKET):
        sender.take(block)
    await asyncio.sleep(0)
    assert decoded(await drained(queue)).any()


async def test_times_go_on_through_a_mute() -> None:
    sender, source = VoiceSender(LoopBridge(), muted=False), ToneSource(440)
    queue = sender.add_queue()
    queue.open()
    times = []
    for number in range(12):
        if number in (4, 8):
            sender.set_muted(number == 4)
        sender.take(source.next_block())
        sender.take(source.next_block())
        await asyncio.sleep(0)
        times.append((await queue.get()).pts)
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


def voice(value: int, samples: int = PACKET_SAMPLES) -> np.ndarray:
    return np.full(samples, value, np.int16)


def played(mixer: Mixer) -> np.ndarray:
    block = mixer.next_block()
    assert len(block) == BLOCK_BYTES
    return np.frombuffer(block, "<i2")


def test_silence_until_enough_is_there() -> None:
    mixer = Mixer()
    assert not played(mixer).any()
    mixer.put("a", voice(100, TARGET_SAMPLES - 1))
    assert not played(mixer).any()
    mixer.put("a", voice(100, 1))
    for _ in range(TARGET_SAMPLES // BLOCK_SAMPLES):
        assert (played(mixer) == 100).all()
    assert not played(mixer).any()
    assert mixer.counts().missing == 1


def test_a_voice_too_far_behind_loses_its_oldest() -> None:
    mixer = Mixer()
    mixer.put("a", voice(1, MOST_SAMPLES))
    mixer.put("a", voice(2))
    assert mixer.counts().dropped == (MOST_SAMPLES + PACKET_SAMPLES - TARGET_SAMPLES) // 480
    heard = np.concatenate([played(mixer) for _ in range(TARGET_SAMPLES // BLOCK_SAMPLES)])
    assert len(heard) == TARGET_SAMPLES
    assert (heard[-PACKET_SAMPLES:] == 2).all()


def test_voices_are_added() -> None:
    mixer = Mixer()
    mixer.put("a", voice(1000, TARGET_SAMPLES))
    mixer.put("b", voice(-300, TARGET_SAMPLES))
    mixer.put("c", voice(7, BLOCK_SAMPLES))
    assert (played(mixer) == 700).all()
    mixer.remove("a")
    assert (played(mixer) == -300).all()


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


def test_a_soft_sum_is_exact() -> None:
    assert (mix([voice(10_000), voice(-2_500), voice(3)]) == 7_503).all()


def test_an_extreme_sum() -> None:
    assert (mix([voice(-32_768)] * 4) == -32_767).all() or (
        mix([voice(-32_768)] * 4) < -32_000
    ).all()


def test_stereo_becomes_mono() -> None:
    both = np.array([[100, -50, 300, 100, -32_768, -32_768]], np.int16)
    frame = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
    assert mono(frame).tolist() == [25, 200, -32_768]
