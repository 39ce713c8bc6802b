"""Cuts access units to RTP payloads (RFC 6184), as aiortc's H.264 encoder does it."""

from typing import Any

from aiortc.codecs.h264 import H264Encoder

_encoder: Any = H264Encoder


def cut(access_unit: bytes) -> tuple[bytes, ...]:
    """Payloads of at most 1300 bytes, of Annex B: STAP-A and FU-A."""
    return tuple(_encoder._packetize(_encoder._split_bitstream(access_unit)))
