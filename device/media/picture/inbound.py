"""One peer's video as it arrives: pictures out, and what to ask the sender for. Pure."""

from dataclasses import dataclass

from device.media.picture.assembler import Assembler
from device.media.picture.counts import PictureCounts
from device.media.picture.gaps import Gaps
from device.media.picture.packet import AccessUnit, VideoPacket
from device.media.picture.wish import KeyframeWish
from device.media.unwrapping import SEQUENCE_BITS, Unwrapper


@dataclass(frozen=True, slots=True)
class Asks:
    """What to send to the sender of this stream: ``lost`` are sequence numbers of 16 bits."""

    ssrc: int
    lost: list[int]
    keyframe: bool


class InboundVideo:
    """Times are seconds on any clock that goes on."""

    def __init__(self) -> None:
        self._past = PictureCounts()
        self._wish = KeyframeWish()
        """Over all streams: whoever sends ever new ones is asked no more often."""
        self._begin(None)

    def _begin(self, ssrc: int | None) -> None:
        self._ssrc = ssrc
        self._numbers = Unwrapper(SEQUENCE_BITS)
        self._gaps = Gaps()
        self._assembler = Assembler()

    def put(self, packet: VideoPacket, now_s: float) -> list[AccessUnit]:
        """The pictures that can be decoded with this packet, in order. Never raises."""
        if packet.ssrc != self._ssrc:  # the first packet, or a stream that replaces the old one
            self._past += self._stream_counts()
            self._begin(packet.ssrc)
        number = self._numbers.unwrap(packet.sequence_number)
        dropped = self._assembler.dropped
        if not self._gaps.arrived(number, now_s):
            self._assembler.restart(number)
            self._wish.need(now_s)
        units = self._assembler.put(number, packet, now_s)
        self._gaps.forget_before(self._assembler.next_number)
        self._wish.heard()
        if self._assembler.is_blocked:
            self._wish.stall(now_s)
        else:
            self._wish.flow()
        if units:
            self._wish.progress(now_s)
        if self._assembler.needs_keyframe and self._assembler.dropped > dropped:
            self._wish.need(now_s)
        return units

    def undecodable(self, now_s: float) -> None:
        """The decoder could make nothing of a picture, or had to leave some out."""
        self._assembler.require_keyframe()
        self._wish.need(now_s)

    def due_s(self) -> float | None:
        """When ``asks`` is to be called next; None: when a packet has come."""
        times_s = [
            time_s for time_s in (self._gaps.due_s(), self._wish.due_s()) if time_s is not None
        ]
        return min(times_s, default=None)

    def asks(self, now_s: float) -> Asks | None:
        """What is due now."""
        lost = self._gaps.ask(now_s)
        keyframe = self._wish.ask(now_s)
        if self._ssrc is None or not (lost or keyframe):
            return None
        return Asks(self._ssrc, [number & 0xFFFF for number in lost], keyframe)

    def counts(self) -> PictureCounts:
        """Since the start, over all streams."""
        asked = PictureCounts(keyframes_asked=self._wish.asked)
        return self._past + self._stream_counts() + asked

    def _stream_counts(self) -> PictureCounts:
        return PictureCounts(
            received=self._assembler.received,
            dropped=self._assembler.dropped,
            packets_asked=self._gaps.asked,
        )
