"""A stream's packets in order, by numbers that do not wrap."""

from dataclasses import dataclass

MOST_PACKETS = 100
"""Two seconds; of a voice that is longer not played the oldest goes."""


@dataclass(frozen=True, slots=True)
class VoicePacket:
    """One RTP packet of a voice: ``timestamp`` in 1/48000 s, ``payload`` Opus (RFC 7587)."""

    ssrc: int
    sequence_number: int
    timestamp: int
    payload: bytes


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
