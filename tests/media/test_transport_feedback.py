"""Transport-wide feedback on the wire, and the log of arrivals that it is made from."""

import struct

import pytest
from hypothesis import given, strategies as st

from device.media.rtc.arrivals import KEPT, MAX_SPAN, MAX_STATUSES, ArrivalLog
from device.media.rtc.transport_feedback import (
    FMT,
    REFERENCE_TICKS,
    TICK_S,
    FeedbackMessage,
    is_feedback,
    pack,
    parse,
    split,
)

deltas = st.one_of(st.none(), st.integers(0, 255), st.integers(-(2**15), 2**15 - 1))
runs = st.tuples(deltas, st.integers(1, 40)).map(lambda run: [run[0]] * run[1])
messages = st.builds(
    FeedbackMessage,
    sender_ssrc=st.integers(0, 2**32 - 1),
    media_ssrc=st.integers(0, 2**32 - 1),
    base_sequence=st.integers(0, 2**16 - 1),
    reference=st.integers(0, 2**24 - 1),
    count=st.integers(0, 255),
    deltas=st.lists(st.one_of(runs, deltas.map(lambda one: [one])), min_size=1, max_size=60).map(
        lambda parts: tuple(delta for part in parts for delta in part)
    ),
)


def example(*deltas: int | None) -> FeedbackMessage:
    return FeedbackMessage(1, 2, 65_534, 7, 255, deltas)


@given(messages)
def test_what_is_packed_is_parsed(message: FeedbackMessage) -> None:
    packet = pack(message)
    assert len(packet) % 4 == 0
    assert parse(packet) == message
    assert list(split(packet)) == [packet]
    assert is_feedback(packet)


@given(messages, st.data())
def test_what_is_cut_or_bent_raises_a_value_error_or_parses(
    message: FeedbackMessage, data: st.DataObject
) -> None:
    packet = bytearray(pack(message))
    packet[data.draw(st.integers(0, len(packet) - 1))] ^= data.draw(st.integers(1, 255))
    for bent in (bytes(packet), bytes(packet[: data.draw(st.integers(0, len(packet) - 1))])):
        try:
            parse(bent)
        except ValueError:
            continue


@given(st.binary(max_size=200))
def test_noise_raises_a_value_error_or_parses(noise: bytes) -> None:
    body = noise + bytes(-len(noise) % 4)
    packet = struct.pack("!BBHII", 0x80 | FMT, 205, len(body) // 4 + 2, 1, 2) + body
    try:
        assert parse(packet).deltas
    except ValueError:
        assert list(split(packet)) == [packet]


@given(st.binary(max_size=200))
def test_noise_is_split_without_losing_any(noise: bytes) -> None:
    assert b"".join(split(noise)) == noise


def test_the_bytes_are_those_of_the_draft() -> None:
    """One run of 20 small deltas: header, body, one chunk, 20 deltas, padded to words."""
    packet = pack(example(*[4] * 20))
    assert packet[:4] == bytes([0x80 | 0x20 | 15, 205, 0, len(packet) // 4 - 1])
    assert packet[12:20] == struct.pack("!HH", 65_534, 20) + b"\0\0\x07\xff"
    assert packet[20:22] == struct.pack("!H", 0b0010_0000_0001_0100)
    assert packet[22:42] == b"\4" * 20
    assert packet[42:] == b"\0\2"


def test_each_kind_of_chunk_is_used() -> None:
    assert pack(example(*[1, None] * 7))[20:22] == struct.pack("!H", 0b1010_1010_1010_1010)
    assert pack(example(1, None, 300, 2, -1, None, 1))[20:22] == struct.pack(
        "!H", 0b11_01_00_10_01_10_00_01
    )
    assert pack(example(*[None] * 9000))[20:24] == struct.pack("!HH", 8191, 809)


def test_zero_padding_without_the_bit_is_taken_too() -> None:
    packet = bytearray(pack(example(1, 2, 3)))
    packet[0] &= ~0x20
    packet[-3:] = b"\0\0\0"
    assert parse(bytes(packet)) == example(1, 2, 3)


@pytest.mark.parametrize("bad", [(), (2**15,), (-(2**15) - 1,), (None,) * 2**16])
def test_what_does_not_fit_is_refused(bad: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"packets in one|does not fit"):
        pack(example(*bad))


@pytest.mark.parametrize(
    "chunks",
    [b"", b"\x60\x01", b"\xc0\x00", b"\x20\x05\0\0"],
    ids=["none", "reserved", "few", "ends"],
)
def test_broken_chunks_are_refused(chunks: bytes) -> None:
    body = struct.pack("!HHI", 1, 9, 0) + chunks + bytes(-len(chunks) % 4)[: 2 if chunks else 0]
    body = body[: len(body) // 4 * 4]
    with pytest.raises(ValueError, match="feedback"):
        parse(struct.pack("!BBHII", 0x8F, 205, len(body) // 4 + 2, 1, 2) + body)


def test_feedback_is_found_beside_other_packets() -> None:
    report = struct.pack("!BBHI", 0x80, 201, 1, 9)
    packet = pack(example(1))
    assert list(split(report + packet + report)) == [report, packet, report]
    assert is_feedback(packet)
    assert not any(map(is_feedback, (report, b"", b"\x8f")))
    assert list(split(report + packet[:-1])) == [report, packet[:-1]]


class Heard:
    """What the other end learns from a log's messages, by its own rules."""

    def __init__(self) -> None:
        self.log = ArrivalLog()
        self.ticks: dict[int, int] = {}
        self.messages: list[FeedbackMessage] = []

    def tell(self) -> None:
        for message in self.log.take(1, 2):
            message = parse(pack(message))
            self.messages.append(message)
            ticks = message.reference * REFERENCE_TICKS
            for offset, delta in enumerate(message.deltas):
                if delta is not None:
                    ticks += delta
                    self.ticks[(message.base_sequence + offset) % 2**16] = ticks


@given(
    st.lists(st.tuples(st.integers(-30, 60), st.integers(0, 3000), st.booleans()), max_size=60),
    st.integers(0, 2**16 - 1),
)
def test_every_arrival_is_told_once_the_log_is_asked(
    steps: list[tuple[int, int, bool]], first: int
) -> None:
    """Reordered, lost, doubled and wrapped sequence numbers, at times up to 0.75 s apart."""
    heard = Heard()
    number, ticks = first, 1_000_000
    noted: dict[int, int] = {}
    for step, pause, is_asked in [(0, 0, False), *steps]:
        number, ticks = max(first, number + step), ticks + pause
        heard.log.note(number % 2**16, ticks * TICK_S)
        noted.setdefault(number % 2**16, ticks)
        if is_asked:
            heard.tell()
    heard.tell()
    assert {sequence: heard.ticks.get(sequence) for sequence in noted} == noted
    assert set(heard.ticks) == set(noted)
    assert not heard.log.is_due


def test_a_long_pause_makes_a_second_message() -> None:
    heard = Heard()
    heard.log.note(0, 1.0)
    heard.log.note(1, 60.0)
    heard.tell()
    assert [message.count for message in heard.messages] == [0, 1]
    assert heard.ticks == {0: 4000, 1: 240_000}


def test_a_sender_that_starts_anew_is_followed() -> None:
    heard = Heard()
    heard.log.note(5, 1.0)
    heard.log.note(5 + MAX_SPAN + 1, 1.1)
    heard.tell()
    assert [message.base_sequence for message in heard.messages] == [6 + MAX_SPAN]


@given(st.lists(st.integers(1, 1200), max_size=300))
def test_what_is_told_is_bounded_however_far_apart_the_numbers_are(steps: list[int]) -> None:
    heard = Heard()
    number = 0
    for step in steps:
        number += step
        heard.log.note(number % 2**16, 1.0)
    heard.tell()
    assert sum(len(message.deltas) for message in heard.messages) <= MAX_SPAN + 1
    assert all(len(message.deltas) <= MAX_STATUSES for message in heard.messages)
    if steps:
        assert number % 2**16 in heard.ticks, "the newest at least"


def test_a_message_fits_into_a_datagram() -> None:
    heard = Heard()
    for number in range(MAX_SPAN):
        heard.log.note(number, number % 2 * 5.0)
    assert all(len(pack(message)) < 1200 for message in heard.log.take(1, 2))


def test_memory_is_bounded_and_what_is_too_late_is_left_out() -> None:
    heard = Heard()
    for number in range(5000):
        heard.log.note(number, number / 100)
        heard.tell()
    heard.log.note(5000 - KEPT - 10, 51.0)
    assert not heard.log.is_due
    assert len(heard.log._ticks) <= 2 * KEPT
