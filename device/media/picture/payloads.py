"""RTP payloads of one picture put together again: H.264 (RFC 6184) and VP8 (RFC 7741)."""

from collections.abc import Sequence
from enum import Enum

from aiortc.codecs.vpx import VpxPayloadDescriptor

from device.media.picture.packet import VideoCodec

START_CODE = b"\0\0\0\1"
_NAL_TYPE, _NAL_IMPORTANCE = 0x1F, 0xE0
_IDR, _SPS = 5, 7
"""NAL unit types, ITU-T H.264 table 7-1."""
_STAP_A, _FU_A = 24, 28
"""RFC 6184 table 1; other aggregations are of the interleaved mode, which nobody negotiates."""
_FU_START, _FU_END = 0x80, 0x40


class MalformedPayload(ValueError):
    """No picture can be made of it."""


class KeyframeStart(Enum):
    """What a packet says of beginning a keyframe."""

    NO = 0
    IF_FIRST = 1
    """An IDR slice: if no packet of the same picture comes before it."""
    YES = 2


def unit_of(codec: VideoCodec, payloads: Sequence[bytes]) -> tuple[bytes, bool]:
    """The data of an access unit from all its payloads in order, and whether it is a keyframe.

    Raises MalformedPayload.
    """
    return _h264(payloads) if codec is VideoCodec.H264 else _vp8(payloads)


def keyframe_start(codec: VideoCodec, payload: bytes) -> KeyframeStart:
    """Whether a keyframe begins with this packet. Never raises."""
    if codec is VideoCodec.VP8:
        return _vp8_keyframe_start(payload)
    if len(payload) < 3:
        return KeyframeStart.NO
    kind, fragment = payload[0] & _NAL_TYPE, payload[1]
    if kind == _SPS or (kind == _STAP_A and _aggregates_sps(payload)):
        return KeyframeStart.YES  # of its picture nothing that counts comes before it (7.4.1.2.3)
    if kind == _IDR or (kind == _FU_A and fragment & _FU_START and fragment & _NAL_TYPE == _IDR):
        return KeyframeStart.IF_FIRST
    return KeyframeStart.NO


def _h264(payloads: Sequence[bytes]) -> tuple[bytes, bool]:
    unit = bytearray()
    kinds: set[int] = set()
    open_kind: int | None = None
    for payload in payloads:
        kind = payload[0] & _NAL_TYPE
        if kind == _FU_A:
            open_kind = _add_fragment(unit, payload, open_kind)
            kinds.add(payload[1] & _NAL_TYPE)
            continue
        if open_kind is not None:
            raise MalformedPayload("a fragmented NAL unit has no end")
        if kind == _STAP_A:
            kinds.update(_add_aggregate(unit, payload))
        elif 1 <= kind < _STAP_A:
            unit += START_CODE + payload
            kinds.add(kind)
        else:
            raise MalformedPayload(f"packets of type {kind} are not taken")
    if open_kind is not None:
        raise MalformedPayload("a fragmented NAL unit has no end")
    return bytes(unit), _IDR in kinds


def _add_fragment(unit: bytearray, payload: bytes, open_kind: int | None) -> int | None:
    """RFC 6184 section 5.8. Returns the type of the NAL unit that is still open."""
    if len(payload) < 3:
        raise MalformedPayload("a fragment is empty")
    header = payload[1]
    kind = header & _NAL_TYPE
    if not 1 <= kind < _STAP_A:
        raise MalformedPayload(f"a NAL unit of type {kind} is fragmented")
    if header & _FU_START:
        if open_kind is not None:
            raise MalformedPayload("a fragmented NAL unit has no end")
        unit += START_CODE
        unit.append(payload[0] & _NAL_IMPORTANCE | kind)
    elif kind != open_kind:
        raise MalformedPayload("a fragment has no beginning")
    unit += payload[2:]
    return None if header & _FU_END else kind


def _add_aggregate(unit: bytearray, payload: bytes) -> list[int]:
    """RFC 6184 section 5.7.1. Returns the types of the NAL units."""
    kinds = []
    at = 1
    while at < len(payload):
        begin = at + 2
        at = begin + int.from_bytes(payload[at:begin], "big")
        if begin >= len(payload) or at == begin or at > len(payload):
            raise MalformedPayload("an aggregate is cut off")
        unit += START_CODE + payload[begin:at]
        kinds.append(payload[begin] & _NAL_TYPE)
    if not kinds:
        raise MalformedPayload("an aggregate is empty")
    return kinds


def _aggregates_sps(payload: bytes) -> bool:
    try:
        return _SPS in _add_aggregate(bytearray(), payload)
    except MalformedPayload:
        return False


def _vp8(payloads: Sequence[bytes]) -> tuple[bytes, bool]:
    unit = bytearray()
    for place, payload in enumerate(payloads):
        try:
            descriptor, data = VpxPayloadDescriptor.parse(payload)
        except ValueError as error:
            raise MalformedPayload(str(error)) from error
        if (place == 0) != (descriptor.partition_start == 1 and descriptor.partition_id == 0):
            raise MalformedPayload("a frame has not one beginning")
        unit += data
    if not unit:
        raise MalformedPayload("a frame is empty")
    return bytes(unit), _is_vp8_key(unit)


def _vp8_keyframe_start(payload: bytes) -> KeyframeStart:
    try:
        descriptor, data = VpxPayloadDescriptor.parse(payload)
    except ValueError:
        return KeyframeStart.NO
    begins = descriptor.partition_start == 1 and descriptor.partition_id == 0
    return KeyframeStart.YES if begins and data and _is_vp8_key(data) else KeyframeStart.NO


def _is_vp8_key(frame: bytes | bytearray) -> bool:
    return frame[0] & 1 == 0  # RFC 6386 section 9.1
