"""Packets into pictures: whole, in order, and each only if it can be decoded.

A picture leaves when its last packet has come, told by the marker bit or by the next picture's first
packet. After a picture that is missing none can be decoded until the next keyframe, which is
not made to wait for what is missing before it.
"""

from device.media.picture.packet import MAX_MISORDER, AccessUnit, VideoPacket
from device.media.picture.payloads import KeyframeStart, MalformedPayload, keyframe_start, unit_of
from device.media.unwrapping import TIMESTAMP_BITS, Unwrapper

MAX_PACKETS = 1024
"""Held at most: two seconds of 5 Mb/s, or a keyframe of a megabyte."""
MAX_KEYFRAMES = 8
"""Of which the beginning is remembered: no sender makes more in so many packets."""


class Assembler:
    """Of one RTP stream. Sequence numbers are unwrapped ones."""

    def __init__(self) -> None:
        self._packets: dict[int, tuple[VideoPacket, float]] = {}
        self._next: int | None = None
        """The first packet of the picture that comes next."""
        self._end = 0
        """The first packet that is missing from there on."""
        self._keyframes: dict[int, int] = {}
        """By timestamp, the first packet so far that a keyframe can begin with."""
        self._is_begun = False
        """The picture that comes next surely begins with its first packet."""
        self._timestamps = Unwrapper(TIMESTAMP_BITS)
        self.needs_keyframe = True
        """Nothing else can be decoded."""
        self.received = 0
        """Whole pictures."""
        self.dropped = 0
        """Pictures of which something came and that could not be used: they were not whole, made no
        sense, or came after one that did not."""

    @property
    def next_number(self) -> int:
        """Nothing before this packet is of use any more."""
        return self._end if self._next is None else self._next

    @property
    def is_blocked(self) -> bool:
        """A packet is missing, and later ones are there."""
        return self._next is not None and len(self._packets) > self._end - self._next

    def put(self, number: int, packet: VideoPacket, now_s: float) -> list[AccessUnit]:
        """The pictures that are whole with this packet, most often none or one. Never raises."""
        if self._next is None or number < self._next - MAX_MISORDER:
            self.restart(number)
        if number < self.next_number or number in self._packets:
            return []
        if len(self._packets) >= MAX_PACKETS:
            self.restart(number)
        self._packets[number] = packet, now_s
        if _starts(packet) is not KeyframeStart.NO:
            self._note_keyframe(packet.timestamp, number)
        if number > self._end:
            self._skip_to_keyframe(packet.timestamp)
        return self._advance()

    def restart(self, number: int) -> None:
        """Begin with this packet; what is held is dropped, and a keyframe needed."""
        self._drop(list(self._packets))
        self._keyframes.clear()
        self._next = self._end = number
        self._is_begun = False
        self.needs_keyframe = True

    def require_keyframe(self) -> None:
        """What was given out could not be decoded."""
        self.needs_keyframe = True

    def _advance(self) -> list[AccessUnit]:
        units = []
        while (held := self._packets.get(self._end)) is not None:
            packet, _ = held
            if self._end > self.next_number and packet.timestamp != self._due_timestamp():
                units.append(self._take())
            self._end += 1
            if packet.marker:
                units.append(self._take())
        return [unit for unit in units if unit is not None]

    def _due_timestamp(self) -> int:
        return self._packets[self.next_number][0].timestamp

    def _take(self) -> AccessUnit | None:
        """The picture from ``_next`` to ``_end``, if it is of use."""
        held = [self._packets.pop(number) for number in range(self.next_number, self._end)]
        self._next = self._end
        self._forget_keyframes_before(self._end)
        packets = [packet for packet, _ in held if packet.payload]
        if not packets:
            return None  # nothing but padding, which browsers send to probe the network
        self.received += 1
        times_s = [arrival_s for _, arrival_s in held]
        unit = self._unit(packets, max(times_s) - min(times_s))
        self._is_begun = True
        self.dropped += unit is None
        return unit

    def _unit(self, packets: list[VideoPacket], assembly_s: float) -> AccessUnit | None:
        """All of a picture, if it can be decoded."""
        first = packets[0]
        timestamp = self._timestamps.unwrap(first.timestamp)
        if not self._is_begun and _starts(first) is not KeyframeStart.YES:
            return None
        try:
            if any(packet.codec is not first.codec for packet in packets):
                raise MalformedPayload("a picture is of two codecs")
            data, is_keyframe = unit_of(first.codec, [packet.payload for packet in packets])
        except MalformedPayload:
            self.needs_keyframe = True
            return None
        if self.needs_keyframe and not is_keyframe:
            return None
        self.needs_keyframe = False
        return AccessUnit(first.codec, timestamp, data, is_keyframe, assembly_s)

    def _note_keyframe(self, timestamp: int, number: int) -> None:
        self._keyframes[timestamp] = min(number, self._keyframes.get(timestamp, number))
        if len(self._keyframes) > MAX_KEYFRAMES:
            del self._keyframes[min(self._keyframes, key=self._keyframes.__getitem__)]

    def _forget_keyframes_before(self, number: int) -> None:
        self._keyframes = {
            timestamp: start for timestamp, start in self._keyframes.items() if start >= number
        }

    def _skip_to_keyframe(self, timestamp: int) -> None:
        """Go on with this picture, if it is a whole keyframe, though something before it is missing."""
        start = self._keyframes.get(timestamp)
        if start is None or start <= self._end:
            return
        if self._begins_picture(start) and self._is_whole(start):
            self._drop([number for number in self._packets if number < start])
            self._forget_keyframes_before(start)
            self._next = self._end = start
            self._is_begun = True

    def _begins_picture(self, number: int) -> bool:
        packet, _ = self._packets[number]
        if _starts(packet) is KeyframeStart.YES:
            return True
        before = self._packets.get(number - 1)
        return before is not None and before[0].timestamp != packet.timestamp

    def _is_whole(self, number: int) -> bool:
        timestamp = self._packets[number][0].timestamp
        while (held := self._packets.get(number)) is not None:
            packet, _ = held
            if packet.timestamp != timestamp or packet.marker:
                return True
            number += 1
        return False

    def _drop(self, numbers: list[int]) -> None:
        packets = [self._packets.pop(number)[0] for number in numbers]
        self.dropped += len({packet.timestamp for packet in packets if packet.payload})


def _starts(packet: VideoPacket) -> KeyframeStart:
    return keyframe_start(packet.codec, packet.payload)
