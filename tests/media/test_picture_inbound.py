"""Packets into pictures: any order, any loss, any garbage."""

import contextlib
import dataclasses
import itertools
import random

import pytest
from hypothesis import given, settings, strategies as st

from device.media.picture import assembler, gaps, wish
from device.media.picture.inbound import Asks, InboundVideo
from device.media.picture.packet import AccessUnit, VideoCodec, VideoPacket
from device.media.picture.payloads import MalformedPayload, keyframe_start, unit_of
from tests.media.video_packets import Picture, packets_of, stream

CODECS = st.sampled_from(VideoCodec)
SIZES = st.lists(
    st.tuples(st.integers(1, 4000), st.integers(0, 5).map(lambda of_six: of_six == 0)),
    min_size=1,
    max_size=20,
)


def feed(inbound: InboundVideo, packets: list[VideoPacket], now_s: float = 0.0) -> list[bytes]:
    return [unit.data for packet in packets for unit in inbound.put(packet, now_s)]


def check_chain(pictures: list[Picture], units: list[AccessUnit]) -> None:
    """Only whole pictures, in order, each a keyframe or right after the one before it."""
    places = {picture.data: place for place, picture in enumerate(pictures)}
    last = None
    for unit in units:
        place = places[unit.data]  # a KeyError is a picture that was never sent like this
        assert unit.is_keyframe == pictures[place].is_keyframe
        assert unit.is_keyframe or place - 1 == last
        assert last is None or place > last
        last = place


@given(CODECS, SIZES)
def test_everything_comes_out_at_once_and_in_order(
    codec: VideoCodec, sizes: list[tuple[int, bool]]
) -> None:
    pictures = stream([(100, True), *sizes], codec)
    inbound = InboundVideo()
    timestamps = []
    for picture in pictures:
        units = [unit for packet in picture.packets for unit in inbound.put(packet, 0.0)]
        assert [(unit.data, unit.is_keyframe) for unit in units] == [
            (picture.data, picture.is_keyframe)
        ]
        timestamps.append(units[0].timestamp)
    assert timestamps == [timestamps[0] + 3000 * place for place in range(len(pictures))]
    assert inbound.due_s() is None


@settings(max_examples=300)
@given(CODECS, SIZES, st.randoms(use_true_random=False), st.floats(0, 0.5), st.integers(0, 30))
def test_any_order_any_loss(
    codec: VideoCodec,
    sizes: list[tuple[int, bool]],
    chance: random.Random,
    loss: float,
    disorder: int,
) -> None:
    pictures = stream(sizes, codec)
    packets = [packet for packet in packets_of(pictures) if chance.random() >= loss]
    packets += chance.sample(packets, len(packets) // 4)  # late duplicates
    places = sorted(range(len(packets)), key=lambda place: place + chance.uniform(0, disorder))
    inbound = InboundVideo()
    units = []
    for step, place in enumerate(places):
        now_s = step * 0.004
        units += inbound.put(packets[place], now_s)
        inbound.asks(now_s)
    check_chain(pictures, units)


@settings(max_examples=300)
@given(
    st.lists(
        st.builds(
            VideoPacket,
            codec=CODECS,
            ssrc=st.integers(1, 2),
            sequence_number=st.integers(0, 40) | st.integers(0, 2**16 - 1),
            timestamp=st.integers(0, 3) | st.integers(0, 2**32 - 1),
            marker=st.booleans(),
            payload=st.binary(max_size=40)
            | st.sampled_from(
                [b"\x18\0\4\x67abc\0\2\x68a", b"\x7c\x85xyz", b"\x7c\x45xyz", b"\x41"]
            ),
        ),
        max_size=80,
    )
)
def test_garbage_never_raises(packets: list[VideoPacket]) -> None:
    inbound = InboundVideo()
    for step, packet in enumerate(packets):
        now_s = step * 0.05
        inbound.put(packet, now_s)
        asks = inbound.asks(now_s)
        assert asks is None or all(0 <= number < 2**16 for number in asks.lost)
    counts = inbound.counts()
    assert counts.received <= len(packets)
    assert counts.dropped <= len(packets)


@given(CODECS, st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=8))
def test_payloads_never_raise_anything_else(codec: VideoCodec, payloads: list[bytes]) -> None:
    keyframe_start(codec, payloads[0])
    with contextlib.suppress(MalformedPayload):
        unit_of(codec, payloads)


@pytest.mark.parametrize(
    "payloads",
    [
        [b"\x7c\x85ab", b"\x41cd"],  # a fragment without an end, then another NAL unit
        [b"\x7c\x85ab"],
        [b"\x7c\x45ab"],  # without a beginning
        [b"\x7c\x85ab", b"\x7c\x85ab", b"\x7c\x45ab"],  # begun twice
        [b"\x7c\x85ab", b"\x7c\x41ab"],  # begun as one type, ended as another
        [b"\x7c\x85"],
        [b"\x7c\x9cab"],  # a fragmented fragment
        [b"\x18"],
        [b"\x18\0"],
        [b"\x18\0\0"],
        [b"\x18\0\5ab"],
        [b"\x19\0\5ab"],  # STAP-B
        [b"\x00ab"],
    ],
)
def test_malformed_h264(payloads: list[bytes]) -> None:
    with pytest.raises(MalformedPayload):
        unit_of(VideoCodec.H264, payloads)


def test_a_malformed_picture_costs_all_up_to_the_next_keyframe() -> None:
    pictures = stream([(100, True), (3000, False), (100, False), (100, True)])
    packets = packets_of(pictures)
    broken = dataclasses.replace(packets[2], payload=b"\x7c\x45ab")
    inbound = InboundVideo()
    assert feed(inbound, [*packets[:2], broken, *packets[3:]]) == [
        pictures[0].data,
        pictures[3].data,
    ]
    assert inbound.counts().dropped == 2


def test_without_marker_bits_the_next_picture_tells() -> None:
    pictures = stream([(3000, True), (3000, False), (10, False)], has_marker=False)
    assert feed(InboundVideo(), packets_of(pictures)) == [each.data for each in pictures[:2]]


def test_padding_is_no_picture() -> None:
    """Between two pictures, with the time of the one before."""
    pictures = stream([(10, True), (10, False), (10, False)])
    first, second, third = packets_of(pictures)
    padding = dataclasses.replace(
        second, sequence_number=third.sequence_number, marker=False, payload=b""
    )
    third = dataclasses.replace(third, sequence_number=(third.sequence_number + 1) % 2**16)
    inbound = InboundVideo()
    assert len(feed(inbound, [first, second, padding, third])) == 3
    assert not inbound.counts().dropped


def test_a_keyframe_does_not_wait_for_what_is_missing_before_it() -> None:
    pictures = stream([(10, True), (2000, False), (10, False), (4000, True), (10, False)])
    packets = packets_of(pictures)
    lost = pictures[1].packets[0]
    inbound = InboundVideo()
    units = feed(inbound, [packet for packet in packets if packet is not lost])
    assert units == [pictures[place].data for place in (0, 3, 4)]
    assert inbound.due_s() is None, "what was missing is of no use any more"
    assert feed(inbound, [lost]) == []


def test_a_new_stream_replaces_the_old_one() -> None:
    inbound = InboundVideo()
    old, new = stream([(10, True), (10, False)]), stream([(20, True)], first=9, ssrc=8)
    assert len(feed(inbound, packets_of(old))) == 2
    assert feed(inbound, packets_of(new)) == [new[0].data]
    assert inbound.counts().received == 3


def test_ever_new_streams_are_asked_no_more_often() -> None:
    inbound = InboundVideo()
    for ssrc in range(100):
        feed(inbound, packets_of(stream([(10, False)], ssrc=ssrc)), 0.001 * ssrc)
        inbound.asks(0.001 * ssrc)
    assert inbound.counts().keyframes_asked == 1
    assert inbound.counts().dropped == 100


def test_a_sender_that_counts_anew() -> None:
    inbound = InboundVideo()
    assert len(feed(inbound, packets_of(stream([(10, True)], first=40_000)))) == 1
    assert len(feed(inbound, packets_of(stream([(20, True)], first=20_000)))) == 1
    assert len(feed(inbound, packets_of(stream([(30, True)], first=45_000)))) == 1


def test_a_flood_behind_a_gap_is_bounded() -> None:
    pictures = stream([(10, True)] + [(10, False)] * (assembler.MAX_PACKETS + 10))
    packets = packets_of(pictures)
    inbound = InboundVideo()
    feed(inbound, packets[:2] + packets[3:])
    assert len(inbound._assembler._packets) <= assembler.MAX_PACKETS
    asks = inbound.asks(0.0)
    assert asks is not None
    assert asks.keyframe


def test_a_flood_of_beginnings_costs_no_more_than_other_packets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each packet behind a gap says that a keyframe begins with it; none of them is the last."""
    looked_at = 0
    starts = assembler.Assembler._begins_picture

    def counted(self: assembler.Assembler, number: int) -> bool:
        nonlocal looked_at
        looked_at += 1
        return starts(self, number)

    monkeypatch.setattr(assembler.Assembler, "_begins_picture", counted)
    (first,) = packets_of(stream([(10, True)], first=0))
    inbound = InboundVideo()
    for number in (0, *range(2, assembler.MAX_PACKETS)):
        later = first.timestamp + (number % 5 if number else 0)
        packet = dataclasses.replace(
            first, sequence_number=number, timestamp=later, marker=number == 0
        )
        inbound.put(packet, 0.0)
    assert looked_at <= assembler.MAX_PACKETS


def test_few_beginnings_are_remembered_and_the_newest() -> None:
    many = 3 * assembler.MAX_KEYFRAMES
    packets = packets_of(stream([(10, True)] + [(3000, True)] * many))
    inbound = InboundVideo()
    feed(inbound, [packets[0]])
    ends = [packet for packet in packets[1:] if packet.marker]
    feed(inbound, [packet for packet in packets[2:] if not packet.marker])
    assert len(inbound._assembler._keyframes) <= assembler.MAX_KEYFRAMES
    assert len(feed(inbound, ends[-1:])) == 1


# What is asked for, and when.


def asked(inbound: InboundVideo, until_s: float) -> list[tuple[float, Asks]]:
    """Everything up to then, each at its time."""
    found = []
    while (due_s := inbound.due_s()) is not None and due_s <= until_s:
        asks = inbound.asks(due_s)
        if asks is not None:
            found.append((due_s, asks))
    return found


def lossy() -> tuple[InboundVideo, VideoPacket]:
    """A stream after a lost packet, number 0 after 65535, of time 0."""
    pictures = stream([(10, True)] + [(10, False)] * 7)
    packets = packets_of(pictures)
    inbound = InboundVideo()
    feed(inbound, [packet for packet in packets if packet.sequence_number != 0])
    (lost,) = (packet for packet in packets if packet.sequence_number == 0)
    return inbound, lost


def test_a_lost_packet_is_asked_for_again_and_again_ever_more_seldom() -> None:
    inbound, _ = lossy()
    times_s = [time_s for time_s, asks in asked(inbound, 60.0) if asks.lost == [0]]
    assert len(times_s) == gaps.MAX_TRIES
    assert times_s[:3] == pytest.approx([0.005, 0.105, 0.255])
    waits_s = [after - before for before, after in itertools.pairwise(times_s)]
    assert waits_s == sorted(waits_s)
    assert inbound.counts().packets_asked == 1


def test_the_round_trip_decides_how_soon_again() -> None:
    retry = gaps.RetryTime()
    assert retry.wait_s(1) == gaps.RETRY_FIRST_S
    for _ in range(30):
        retry.measured(0.04)
    assert 0.04 <= retry.wait_s(1) < 0.045
    assert retry.wait_s(2) == pytest.approx(1.5 * retry.wait_s(1))
    for _ in range(100):
        retry.measured(0.001)
    assert retry.wait_s(1) == gaps.RETRY_LEAST_S
    for _ in range(100):
        retry.measured(3.0)
    assert retry.wait_s(1) == gaps.RETRY_MOST_S


def test_what_was_overtaken_is_not_asked_for() -> None:
    inbound, late = lossy()
    assert len(inbound.put(late, 0.004)) == 2
    assert inbound.due_s() is None
    assert inbound.counts().packets_asked == 0


def test_a_stall_of_300_ms_asks_for_a_keyframe_and_again() -> None:
    inbound, _ = lossy()
    asks = asked(inbound, 60.0)
    times_s = [time_s for time_s, each in asks if each.keyframe]
    assert times_s == pytest.approx([wish.STALLED_S]), "nothing comes: nothing more is asked"
    (more,) = stream([(10, False)], first=10)
    inbound.put(more.packets[0], 0.4)
    times_s = [time_s for time_s, each in asked(inbound, 60.0) if each.keyframe]
    assert times_s == pytest.approx([wish.STALLED_S + wish.AGAIN_FIRST_S])


def test_who_begins_in_the_middle_asks_for_a_keyframe_at_once() -> None:
    pictures = stream([(2000, False), (10, True), (10, False)])
    inbound = InboundVideo()
    assert not feed(inbound, packets_of(pictures[:1]), 5.0)
    assert asked(inbound, 5.0) == [(5.0, Asks(7, [], keyframe=True))]
    assert len(feed(inbound, packets_of(pictures[1:]), 5.1)) == 2
    assert inbound.due_s() is None


def test_a_keyframe_on_its_way_is_not_asked_for() -> None:
    (picture,) = stream([(5000, True)])
    inbound = InboundVideo()
    feed(inbound, list(picture.packets[:-1]))
    assert inbound.due_s() is None


def test_what_cannot_be_decoded_asks_for_a_keyframe() -> None:
    pictures = stream([(10, True), (10, False), (10, False), (10, True)])
    inbound = InboundVideo()
    feed(inbound, packets_of(pictures[:2]))
    inbound.undecodable(1.0)
    assert [asks.keyframe for _, asks in asked(inbound, 1.0)] == [True]
    assert feed(inbound, packets_of(pictures[2:]), 1.1) == [pictures[3].data]
    assert inbound.due_s() is None


def test_too_long_a_gap_is_not_asked_for() -> None:
    inbound = InboundVideo()
    feed(inbound, packets_of(stream([(10, True)], first=0)))
    feed(inbound, packets_of(stream([(10, False)], first=gaps.MAX_MISSING + 9)), 3.0)
    assert asked(inbound, 3.2) == [(3.0, Asks(7, [], keyframe=True))]
