"""RTCP transport-wide feedback: which packets of a whole transport arrived, and when.

draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1: RTPFB with FMT 15. Its body:

    16  base sequence number      of the first packet reported
    16  packet status count       how many packets are reported
    24  reference time            of the first arrival, in multiples of 64 ms, of any origin
     8  feedback packet count     counts the messages, modulo 256
    16  packet chunk              repeated: run lengths, or vectors of 7 or 14 symbols
     8  or 16  receive delta      one for each packet received, in 250 us after the one before
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from aiortc.rtp import RTCP_RTPFB

FMT = 15
TICK_S = 250e-6
"""Of a receive delta."""
REFERENCE_TICKS = 256
"""Of the reference time: 64 ms."""
REFERENCE_BITS = 24
REFERENCE_MODULUS = 1 << REFERENCE_BITS
MAX_COUNT = 2**16 - 1
_MAX_RUN = 2**13 - 1
_HEADER = struct.Struct("!BBHII")
_BODY = struct.Struct("!HHI")
_PADDING_BIT = 0x20


class _Symbol(IntEnum):
    LOST = 0
    SMALL = 1
    LARGE = 2


_VECTOR_1, _VECTOR_2 = 14, 7
"""Symbols of one and of two bits in a chunk."""


@dataclass(frozen=True, slots=True)
class FeedbackMessage:
    """``deltas``: for each packet from ``base_sequence`` on, its arrival in ticks of 250 us after that
    of the last one that arrived before it, of the first after ``reference`` (in 64 ms, modulo 2**24).
    None: it has not arrived."""

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    reference: int
    count: int
    deltas: tuple[int | None, ...]


def pack(message: FeedbackMessage) -> bytes:
    """The whole RTCP packet. Raises ValueError for what the format cannot say."""
    if not 0 < len(message.deltas) <= MAX_COUNT:
        raise ValueError(f"{len(message.deltas)} packets in one message")
    symbols = [_symbol(delta) for delta in message.deltas]
    time_and_count = message.reference % REFERENCE_MODULUS << 8 | message.count % 256
    parts = [_BODY.pack(message.base_sequence, len(symbols), time_and_count)]
    parts += [struct.pack("!H", chunk) for chunk in _chunks(symbols)]
    parts += [
        struct.pack("!B" if symbol is _Symbol.SMALL else "!h", delta)
        for symbol, delta in zip(symbols, message.deltas, strict=True)
        if delta is not None
    ]
    body = b"".join(parts)
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    first = 2 << 6 | (_PADDING_BIT if padding else 0) | FMT
    words = (_HEADER.size + len(body)) // 4 - 1
    header = _HEADER.pack(first, RTCP_RTPFB, words, message.sender_ssrc, message.media_ssrc)
    return header + body


def parse(packet: bytes) -> FeedbackMessage:
    """Of one RTCP packet. Raises ValueError where it is malformed."""
    if len(packet) < _HEADER.size + _BODY.size:
        raise ValueError("The feedback is too short")
    first, kind, words, sender_ssrc, media_ssrc = _HEADER.unpack_from(packet)
    if first & ~_PADDING_BIT != 2 << 6 | FMT or kind != RTCP_RTPFB or len(packet) != 4 * words + 4:
        raise ValueError("This is no transport-wide feedback")
    padding = packet[-1] if first & _PADDING_BIT else 0
    end = len(packet) - padding
    at = _HEADER.size + _BODY.size
    if end < at:
        raise ValueError("The feedback has more padding than it is long")
    base_sequence, count, time_and_count = _BODY.unpack_from(packet, _HEADER.size)
    if count == 0:
        raise ValueError("The feedback is of no packet")
    symbols, at = _parse_chunks(packet[:end], at, count)
    return FeedbackMessage(
        sender_ssrc,
        media_ssrc,
        base_sequence,
        time_and_count >> 8,
        time_and_count & 0xFF,
        tuple(_parse_deltas(packet[:end], at, symbols)),
    )


def split(compound: bytes) -> Iterator[bytes]:
    """The packets of an RTCP compound packet (RFC 3550 section 6.1); from where their lengths make no
    sense, all the rest as one."""
    at = 0
    while at < len(compound):
        words = struct.unpack_from("!H", compound, at + 2)[0] if at + 4 <= len(compound) else 0
        end = at + 4 + 4 * words
        yield compound[at:end]
        at = end


def is_feedback(packet: bytes) -> bool:
    """Whether this RTCP packet is one to be parsed here."""
    return len(packet) >= 2 and packet[1] == RTCP_RTPFB and packet[0] & 0x1F == FMT


def _symbol(delta: int | None) -> _Symbol:
    if delta is None:
        return _Symbol.LOST
    if 0 <= delta <= 0xFF:
        return _Symbol.SMALL
    if -(2**15) <= delta < 2**15:
        return _Symbol.LARGE
    raise ValueError(f"A receive delta of {delta} ticks does not fit")


def _chunks(symbols: list[_Symbol]) -> Iterator[int]:
    at = 0
    while at < len(symbols):
        run = _run_length(symbols, at)
        vector = symbols[at : at + _VECTOR_1]
        if run >= min(_VECTOR_1, len(symbols) - at):
            yield symbols[at] << 13 | run
            at += run
        elif _Symbol.LARGE not in vector:
            yield 0b10 << 14 | _vector(vector, 1, _VECTOR_1)
            at += _VECTOR_1
        elif run >= _VECTOR_2:
            yield symbols[at] << 13 | run
            at += run
        else:
            yield 0b11 << 14 | _vector(symbols[at : at + _VECTOR_2], 2, _VECTOR_2)
            at += _VECTOR_2


def _run_length(symbols: list[_Symbol], at: int) -> int:
    end = at
    while end < min(len(symbols), at + _MAX_RUN) and symbols[end] is symbols[at]:
        end += 1
    return end - at


def _vector(symbols: list[_Symbol], bits: int, size: int) -> int:
    """Symbols from the most significant bit on, filled up with zeros."""
    value = 0
    for symbol in symbols:
        value = value << bits | symbol
    return value << bits * (size - len(symbols))


def _parse_chunks(packet: bytes, at: int, count: int) -> tuple[list[int], int]:
    """The symbols, and where the deltas begin."""
    symbols: list[int] = []
    while len(symbols) < count:
        if at + 2 > len(packet):
            raise ValueError("The feedback ends among its chunks")
        (chunk,) = struct.unpack_from("!H", packet, at)
        at += 2
        if chunk >> 15 == 0:
            run = min(chunk & _MAX_RUN, count - len(symbols))
            symbols += [chunk >> 13] * run
        elif chunk >> 14 == 0b10:
            symbols += [chunk >> shift & 1 for shift in range(_VECTOR_1 - 1, -1, -1)]
        else:
            symbols += [chunk >> 2 * shift & 3 for shift in range(_VECTOR_2 - 1, -1, -1)]
    return symbols[:count], at


def _parse_deltas(packet: bytes, at: int, symbols: list[int]) -> Iterator[int | None]:
    for symbol in symbols:
        if symbol == _Symbol.LOST:
            yield None
            continue
        if symbol > _Symbol.LARGE:
            raise ValueError("The feedback has a reserved symbol")
        if at + symbol > len(packet):
            raise ValueError("The feedback ends among its deltas")
        yield packet[at] if symbol == _Symbol.SMALL else struct.unpack_from("!h", packet, at)[0]
        at += symbol  # a small delta is one byte, a large one two
