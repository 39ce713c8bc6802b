"""H.264 byte streams (ITU-T H.264, Annex B), as far as a camera needs to know them."""

from collections.abc import Iterator
from enum import IntEnum

_START = b"\0\0\1"
_LONG_START = b"\0\0\0\1"


class NalType(IntEnum):
    """Table 7-1 of H.264."""

    SLICE = 1
    IDR = 5
    SPS = 7
    PPS = 8
    DELIMITER = 9


def headers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and content of each NAL unit up to the first slice; of that one, all that follows.

    Slices are not searched: they are most of the bytes, and nothing after them is of interest.
    """
    at = data.find(_START)
    while at >= 0 and at + 3 < len(data):
        begin = at + 3
        kind = data[begin] & 0x1F
        at = -1 if kind in (NalType.SLICE, NalType.IDR) else data.find(_START, begin)
        unit = data[begin:] if at < 0 else data[begin:at].rstrip(b"\0")
        yield kind, unit


class ParameterSets:
    """Remembers a stream's SPS and PPS, and puts them before each keyframe that came without.

    Encoders in hardware give them once, or before every keyframe; WebRTC wants the latter
    (RFC 6184, section 8.4, in-band).
    """

    def __init__(self) -> None:
        self._sps = b""
        self._pps = b""

    @property
    def profile_idc(self) -> int | None:
        """66 is baseline; None before the first SPS."""
        return self._sps[1] if len(self._sps) > 1 else None

    def complete(self, data: bytes) -> tuple[bytes, bool]:
        """The access unit to send, and whether a decoder can begin with it. Empty if it has no
        picture, as when parameter sets come by themselves."""
        picture = b""
        is_idr = False
        for kind, unit in headers(data):
            if kind == NalType.SPS:
                self._sps = unit
            elif kind == NalType.PPS:
                self._pps = unit
            elif kind in (NalType.SLICE, NalType.IDR):
                picture, is_idr = _LONG_START + unit, kind == NalType.IDR
        if not is_idr or not picture:
            return picture, False
        if not (self._sps and self._pps):
            return b"", False
        return _LONG_START + self._sps + _LONG_START + self._pps + picture, True
