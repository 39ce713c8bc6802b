"""Pictures that are easy to tell apart, cut to RTP payloads as a sender does."""

from dataclasses import dataclass
from fractions import Fraction

import av
from aiortc.codecs.vpx import Vp8Encoder

from device.media.picture.packet import VideoCodec, VideoPacket
from device.media.rtc import packetiser
from device.media.sending.hub import VIDEO_CLOCK_HZ

START = b"\0\0\0\1"
SPS, PPS = b"\x67\x42\xc0\x1f", b"\x68\xce\x3c\x80"
TICKS = 3000


@dataclass(frozen=True)
class Picture:
    """One of a stream, and its packets."""

    data: bytes
    is_keyframe: bool
    packets: tuple[VideoPacket, ...]


def h264_data(number: int, size: int, is_keyframe: bool) -> bytes:
    body = bytes([0x80, 1 + number % 250]) + bytes([0xAA]) * size
    slices = START + (b"\x65" if is_keyframe else b"\x41") + body
    return START + SPS + START + PPS + slices if is_keyframe else slices


def vp8_data(number: int, size: int, is_keyframe: bool) -> bytes:
    return bytes([0 if is_keyframe else 1, 1 + number % 250]) + bytes([0xAA]) * size


def cut(codec: VideoCodec, data: bytes) -> list[bytes]:
    if codec is VideoCodec.H264:
        return list(packetiser.cut(data))
    packet = av.Packet(data)
    packet.pts, packet.time_base = 0, Fraction(1, VIDEO_CLOCK_HZ)
    payloads: list[bytes] = Vp8Encoder().pack(packet)[0]
    return payloads


def stream(
    sizes: list[tuple[int, bool]],
    codec: VideoCodec = VideoCodec.H264,
    first: int = 65_530,
    timestamp: int = 2**32 - 5 * TICKS,
    ssrc: int = 7,
    has_marker: bool = True,
) -> list[Picture]:
    """Pictures of so many bytes each, and whether they are keyframes."""
    pictures = []
    make = h264_data if codec is VideoCodec.H264 else vp8_data
    for number, (size, is_keyframe) in enumerate(sizes):
        data = make(number, size, is_keyframe)
        payloads = cut(codec, data)
        packets = []
        for place, payload in enumerate(payloads):
            packets.append(
                VideoPacket(
                    codec,
                    ssrc,
                    first % 2**16,
                    (timestamp + number * TICKS) % 2**32,
                    has_marker and place == len(payloads) - 1,
                    payload,
                )
            )
            first += 1
        pictures.append(Picture(data, is_keyframe, tuple(packets)))
    return pictures


def packets_of(pictures: list[Picture]) -> list[VideoPacket]:
    return [packet for picture in pictures for packet in picture.packets]
