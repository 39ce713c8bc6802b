"""The jitter buffer: what comes late, twice, never, or by another clock."""

import dataclasses
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from device.media.playout.opus_decoder import OpusDecoder
from device.media.playout.packets import VoicePacket
from device.media.playout.stretch import LEAST_NEEDED, MOST_PERIOD, lengthen, shorten
from device.media.playout.voice_buffer import VoiceBuffer
from device.media.unwrapping import Unwrapper
from hal import BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ
from tests.media.voice_line import PACKET_S, Listener, packets, sent

COUNT = 500
DURATION_S = COUNT * PACKET_S
Late = Callable[[int], float | None]


def listen(late_s: Late = lambda number: 0.0, drift: float = 0.0) -> Listener:
    listener = Listener(drift)
    listener.listen(sent(packets(COUNT), late_s), DURATION_S)
    return listener


def seconds(samples: int) -> float:
    return samples / SAMPLE_RATE_HZ


def test_a_calm_network_costs_25_ms_and_nothing_else() -> None:
    listener = listen()
    counts = listener.buffer.counts
    assert listener.delay_s(1) < 0.03
    assert counts.concealed_samples == counts.recovered_samples == counts.late_packets == 0
    decoder = OpusDecoder()
    decoded = [decoder.decode(packet.payload) for packet in packets(COUNT)]
    meant = np.concatenate([sound for sound in decoded if sound is not None])
    heard = np.concatenate(listener.heard)[-SAMPLE_RATE_HZ // 2 :].astype(float)
    near = meant[-SAMPLE_RATE_HZ:].astype(float)
    at = int(np.correlate(near, heard, "valid").argmax())
    assert np.corrcoef(near[at : at + len(heard)], heard)[0, 1] > 0.99


@pytest.mark.parametrize("loss", [0.005, 0.02, 0.05])
def test_a_lost_packet_is_mended_from_the_next_one(loss: float) -> None:
    chance = random.Random(3)
    calm = listen()
    lossy = listen(lambda number: None if number > 5 and chance.random() < loss else 0.0)
    counts = lossy.buffer.counts
    assert counts.recovered_samples > 0
    assert seconds(counts.concealed_samples) < 0.03 * DURATION_S
    assert lossy.delay_s(1) < calm.delay_s(1) + 0.04
    quiet = [np.abs(block).max() < 200 for block in lossy.heard[10:]]
    assert not any(all(quiet[at : at + 6]) for at in range(len(quiet))), "60 ms of silence"


def test_nothing_is_held_longer_than_the_jitter_asks_for() -> None:
    chance = random.Random(4)
    listener = listen(lambda number: chance.random() * (0.1 if number < COUNT // 2 else 0.001))
    half = len(listener.delays_s) // 2
    assert 0.08 < float(np.median(listener.delays_s[half - 100 : half])) < 0.14
    assert listener.delay_s(0.5) < 0.06
    assert seconds(listener.buffer.counts.concealed_samples) < 0.03 * DURATION_S


@pytest.mark.parametrize("is_lost", [True, False])
def test_after_an_outage_the_delay_is_as_before(is_lost: bool) -> None:
    def late_s(number: int) -> float | None:
        if not 200 <= number < 215:
            return 0.0
        return None if is_lost else (215 - number) * PACKET_S

    listener = listen(late_s)
    at = round(215 * PACKET_S / BLOCK_S)
    before_s = float(np.median(listener.delays_s[at - 200 : at - 50]))
    assert abs(listener.delays_s[at + 200] - before_s) < 0.02
    assert seconds(listener.buffer.counts.concealed_samples) < 0.33


def test_a_pause_of_the_sender_is_no_loss() -> None:
    listener = listen(lambda number: 0.0 if number < 100 or number >= 300 else None)
    assert listener.buffer.counts.concealed_samples > 0  # as numbered, they were lost
    voice = [
        VoicePacket(p.ssrc, (65_500 + at) % 65_536, p.timestamp, p.payload)
        for at, p in enumerate(p for n, p in enumerate(packets(COUNT)) if n < 100 or n >= 300)
    ]
    ends_s = [(n + 1) * PACKET_S for n in range(COUNT) if n < 100 or n >= 300]
    pausing = Listener()
    pausing.listen(iter(zip(ends_s, voice, strict=True)), DURATION_S)
    assert pausing.buffer.counts.concealed_samples == 0
    assert pausing.delay_s(1) < 0.035


@pytest.mark.parametrize("drift", [-500e-6, 200e-6, 500e-6])
def test_another_clock_is_followed(drift: float) -> None:
    voice = packets(COUNT)
    listener = Listener(drift)
    # The packets come by the sender's clock over a minute, which is made of the same ones again.
    minute = [
        (
            (turn * COUNT + number + 1) * PACKET_S,
            VoicePacket(
                packet.ssrc,
                (turn * COUNT + number) % 65_536,
                (turn * COUNT + number) * 960 % 2**32,
                packet.payload,
            ),
        )
        for turn in range(6)
        for number, packet in enumerate(voice)
    ]
    listener.listen(iter(minute), 6 * DURATION_S)
    assert np.ptp(listener.delays_s[200:]) < 0.02
    assert listener.buffer.counts.concealed_samples == 0


def test_a_sender_that_starts_anew_is_heard_again() -> None:
    voice = packets(COUNT)
    listener = Listener()
    listener.listen(sent(voice[:100]), 100 * PACKET_S)
    again = [VoicePacket(99, p.sequence_number, p.timestamp, p.payload) for p in voice[300:400]]
    since_s = 100 * PACKET_S
    later = iter([(since_s + (at + 1) * PACKET_S, packet) for at, packet in enumerate(again)])
    listener.listen(later, since_s + 2.0, since_s)
    assert np.abs(listener.heard[-50]).max() > 1000
    assert listener.delay_s(0.5) < 0.035


@pytest.mark.parametrize("step", [-20_000, -300, 20_000])
def test_a_sender_that_counts_anew_is_heard_again(step: int) -> None:
    """Of the same SSRC, with timestamps that go on."""
    voice = [
        dataclasses.replace(
            packet, sequence_number=(packet.sequence_number + step * (at >= 100)) % 2**16
        )
        for at, packet in enumerate(packets(200))
    ]
    listener = Listener()
    listener.listen(sent(tuple(voice)), 200 * PACKET_S)
    assert listener.buffer.counts.late_packets < 5
    assert seconds(listener.buffer.counts.concealed_samples) < 0.1
    assert np.abs(listener.heard[-50]).max() > 1000
    assert listener.delay_s(0.5) < 0.05


def test_what_is_no_opus_is_passed_over() -> None:
    buffer = VoiceBuffer()
    for number in range(50):
        buffer.put(VoicePacket(1, number, number * 960, b""), 0.0)
        buffer.put(VoicePacket(1, number, number * 960, b"\xff\xff\xff"), 0.0)
    assert buffer.next_block(1.0) is None
    assert buffer.counts.packets == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_comes_there_is_a_block_each_time(data: st.DataObject) -> None:
    voice = packets(60)
    events = data.draw(
        st.lists(
            st.one_of(
                st.integers(0, 59),  # this packet comes
                st.just(None),  # a block is played
                st.binary(max_size=12),  # rubbish comes
                st.tuples(st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)),  # lies come
            ),
            max_size=120,
        )
    )
    buffer, now_s, has_begun = VoiceBuffer(), 100.0, False
    for event in events:
        if event is None:
            now_s += BLOCK_S
            block = buffer.next_block(now_s)
            assert block is None or block.shape == (BLOCK_SAMPLES,)
            has_begun = has_begun or block is not None
        elif isinstance(event, int):
            buffer.put(voice[event], now_s)
        elif isinstance(event, bytes):
            buffer.put(VoicePacket(7, 0, 0, event), now_s)
        else:
            buffer.put(VoicePacket(7, event[0], event[1], voice[0].payload), now_s)
    counts = buffer.counts
    assert counts.played_samples % BLOCK_SAMPLES == 0
    assert counts.concealed_samples >= 0


@given(st.lists(st.integers(-1000, 1000), max_size=50), st.sampled_from([16, 24, 32]))
def test_numbers_do_not_wrap(steps: list[int], bits: int) -> None:
    unwrapper, true = Unwrapper(bits), 5
    assert unwrapper.unwrap(5) == 5
    for step in steps:
        true += step
        assert unwrapper.unwrap(true % (1 << bits)) == true


@pytest.mark.parametrize("pitch_hz", [90, 120, 240, 390])
def test_a_seam_keeps_the_pitch(pitch_hz: int) -> None:
    times = np.arange(2400) / SAMPLE_RATE_HZ
    sound = np.asarray(8000 * np.sin(2 * np.pi * pitch_hz * times), np.int16)
    for other in (shorten(sound), lengthen(sound)):
        assert other is not None
        change = abs(len(other) - len(sound))
        periods = change * pitch_hz / SAMPLE_RATE_HZ
        assert 0 < change <= MOST_PERIOD
        assert periods == pytest.approx(round(periods), abs=0.06)
        steps = np.abs(np.diff(other.astype(int)))
        assert steps.max() <= np.abs(np.diff(sound.astype(int))).max() + 60, "a click"


def test_noise_is_not_stretched_unless_it_must() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 2400).astype(np.int16)
    assert shorten(noise) is None
    assert lengthen(noise) is None
    hurried = shorten(noise, at_any_cost=True)
    assert hurried is not None
    assert len(hurried) < len(noise)
    quiet = lengthen(np.zeros(LEAST_NEEDED, np.int16))
    assert quiet is not None
    assert len(quiet) == LEAST_NEEDED + LEAST_NEEDED // 2
