"""A stream's packets in order, with numbers that do not wrap."""

from dataclasses import dataclass

SEQUENCE_BITS = 16
TIMESTAMP_BITS = 32
"""RFC 3550 section 5.1."""
MOST_PACKETS = 100
"""Two seconds; of a voice that is longer not played the oldest goes."""


@dataclass(frozen=True, slots=True)
class VoicePacket:
    """One RTP packet of a voice: ``timestamp`` in 1/48000 s, ``payload`` Opus (RFC 7587)."""

    ssrc: int
    sequence_number: int
    timestamp: int
    payload: bytes


class Unwrapper:
    """Counts on where ``bits`` bits wrap."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """The number nearest to the last one that is ``value`` modulo the size."""
        if self._last is None:
            self._last = value
            return value
        half = self._size // 2
        near = self._last + (value - self._last + half) % self._size - half
        self._last = near
        return near


class PacketQueue:
    """What has come and is not played. Numbers and timestamps are unwrapped ones."""

    def __init__(self) -> None:
        self._packets: dict[int, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        return len(self._packets)

    def put(self, number: int, timestamp: int, payload: bytes) -> None:
        """A second one of the same number is passed over."""
        self._packets.setdefault(number, (timestamp, payload))
        if len(self._packets) > MOST_PACKETS:
            del self._packets[min(self._packets)]

    def first(self) -> tuple[int, int, bytes] | None:
        """Number, timestamp and payload of the oldest."""
        if not self._packets:
            return None
        number = min(self._packets)
        return number, *self._packets[number]

    def take(self) -> None:
        """The oldest has been played."""
        del self._packets[min(self._packets)]

    def clear(self) -> None:
        self._packets.clear()
