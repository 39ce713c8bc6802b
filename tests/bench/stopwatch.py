"""How long a frame takes from the camera's thread until the kernel has all of its packets."""

import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aioice.ice
from aiortc.rtp import is_rtcp

import device.media.rtc.lean_sender
from device.media.rtc.wire import Wire
from device.media.sending.hub import VIDEO_CLOCK_HZ
from hal import VideoFormat

TICKS = VIDEO_CLOCK_HZ // VideoFormat().frame_rate_hz
_HEADER = struct.Struct("!BBHLL")
MARKER = 0x80


@dataclass(slots=True)
class Frame:
    """On the clock of time.monotonic; ``gone_s`` of the last packet to the last peer."""

    begun_s: float
    is_keyframe: bool
    gone_s: float = 0.0


class Stopwatch:
    """Of one sending process. A packet's RTP header says which frame it is of: it is not encrypted."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._first: dict[object, tuple[int, int, int]] = {}

    def begin(self, number: int, is_keyframe: bool) -> None:
        """The camera gives frame ``number``: in its thread."""
        self._frames.append(Frame(time.monotonic(), is_keyframe))

    async def latencies(self) -> list[tuple[float, bool]]:
        """Milliseconds of each frame since the last time, and whether it was a keyframe."""
        gone = [frame for frame in self._frames if frame.gone_s]
        times = [((frame.gone_s - frame.begun_s) * 1000, frame.is_keyframe) for frame in gone]
        for frame in gone:
            frame.gone_s = 0.0
        return times

    def sent(self, wire: object, packet: bytes) -> None:
        """The kernel has it."""
        _, marker, _, timestamp, ssrc = _HEADER.unpack_from(packet)
        first = self._first.setdefault(wire, (len(self._frames) - 1, timestamp, ssrc))
        if marker & MARKER and ssrc == first[2]:
            elapsed = (timestamp - first[1]) % 2**32
            self._frames[first[0] + round(elapsed / TICKS)].gone_s = time.monotonic()

    def install(self) -> None:
        """Look on at both ways to the socket, ours and aioice's."""
        watch = self
        stock: Callable[..., Any] = aioice.ice.StunProtocol.send_data

        class TimedWire(Wire):
            def send(self, packets: Sequence[bytes]) -> None:
                super().send(packets)
                for packet in packets:
                    watch.sent(self, packet)

        async def send_data(protocol: Any, data: bytes, address: Any) -> None:
            await stock(protocol, data, address)
            if data[0] & 0xC0 == 0x80 and not is_rtcp(data):  # RFC 7983 section 7
                watch.sent(protocol, data)

        device.media.rtc.lean_sender.Wire = TimedWire  # type: ignore[misc]
        aioice.ice.StunProtocol.send_data = send_data  # type: ignore[method-assign]
