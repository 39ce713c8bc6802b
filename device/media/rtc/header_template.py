"""The RTP headers of one sender (RFC 3550 section 5.1): built once, and filled in for each packet."""

import struct
from typing import Any

from aiortc.rtp import HeaderExtensions

from device.media.rtc.round_trip import NTP_EPOCH_S

VERSION_AND_EXTENSION = 0x90

_FIXED = struct.Struct("!BBHLL")
_EXTENSION = struct.Struct("!HH")
_NUMBER = struct.Struct("!H")
_TIME_MARK = 0xABCDEF
"""Stands in the header extension where abs-send-time belongs."""
_NUMBER_MARK = 0xFEDC
"""Where the transport-wide sequence number belongs. No MID in UTF-8 looks like it."""


class HeaderTemplate:
    """With a header extension (RFC 8285), the same in all packets but for the time and the number."""

    def __init__(self, mid: str, extensions_map: Any) -> None:
        """``extensions_map``: aiortc's, of what both ends agreed on."""
        values = HeaderExtensions(
            abs_send_time=_TIME_MARK, mid=mid, transport_sequence_number=_NUMBER_MARK
        )
        profile, value = extensions_map.set(values)
        start = bytes(_FIXED.size) + _EXTENSION.pack(profile, len(value) // 4)
        self._bytes = bytearray(start + value)
        self._time_at = self._bytes.find(_TIME_MARK.to_bytes(3, "big"), len(start))
        self._number_at = self._bytes.find(_NUMBER_MARK.to_bytes(2, "big"), len(start))

    @property
    def size(self) -> int:
        """Bytes of each header."""
        return len(self._bytes)

    @property
    def is_numbered(self) -> bool:
        """Whether the other end takes transport-wide numbers."""
        return self._number_at >= 0

    def leave_at(self, wall_s: float) -> None:
        """What is filled in from now on leaves then: abs-send-time, seconds in 6.18 bits
        (webrtc.org/experiments/rtp-hdrext/abs-send-time)."""
        if self._time_at >= 0:
            send_time = int((wall_s + NTP_EPOCH_S) * 2**18) & 0xFFFFFF
            self._bytes[self._time_at : self._time_at + 3] = send_time.to_bytes(3, "big")

    def packet(
        self,
        number: int,
        marker: int,
        timestamp: int,
        payload: bytes,
        ssrc: int,
        transport_number: int,
    ) -> bytes:
        """A whole packet; ``marker`` with the payload type, ``transport_number`` of what leaves on the
        link, whichever stream it is of."""
        _FIXED.pack_into(self._bytes, 0, VERSION_AND_EXTENSION, marker, number, timestamp, ssrc)
        if self._number_at >= 0:
            _NUMBER.pack_into(self._bytes, self._number_at, transport_number)
        return bytes(self._bytes) + payload
