"""Finds and keeps SPS and PPS: who begins at a keyframe without them cannot decode it."""

_START = b"\0\0\1"
_TYPE = 0x1F
_SPS, _PPS = 7, 8
_FIRST_SLICE, _LAST_SLICE = 1, 5
"""NAL unit types, ITU-T H.264 table 7-1."""


class ParameterSets:
    """Of one encoder. A camera must put them before every keyframe; some encoders do so only once."""

    def __init__(self) -> None:
        self._last = b""

    def complete(self, keyframe: bytes) -> bytes:
        """The keyframe (Annex B) with SPS and PPS in front: its own, or else the last ones seen."""
        found = _parameter_sets(keyframe)
        if found:
            self._last = found
            return keyframe
        return self._last + keyframe


def _parameter_sets(unit: bytes) -> bytes:
    """All of them that stand before the first slice, each with a start code; empty without both."""
    found: dict[int, bytes] = {}
    at = unit.find(_START)
    while 0 <= at < len(unit) - len(_START):
        begin = at + len(_START)
        kind = unit[begin] & _TYPE
        if _FIRST_SLICE <= kind <= _LAST_SLICE:
            break
        at = unit.find(_START, begin)
        if kind in (_SPS, _PPS):
            body = unit[begin : at if at >= 0 else len(unit)].rstrip(b"\0")
            found[kind] = found.get(kind, b"") + b"\0" + _START + body
    return found[_SPS] + found[_PPS] if _SPS in found and _PPS in found else b""
