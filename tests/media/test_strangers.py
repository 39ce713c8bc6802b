"""What comes to a living link that should not: from anybody, or from a peer that is not well."""

import asyncio
import random
import struct
import time
from typing import Any

from aiortc.rtp import RTCP_PSFB_APP, RTCP_PSFB_PLI, RtcpPsfbPacket

from device.media.rtc.transport_feedback import FeedbackMessage, pack
from device.session.facts import PeerLinkLost
from tests.media.test_links import pull_cable
from tests.media.world import Station, until


def transport(station: Station) -> Any:
    """The DTLS transport of the station's only link."""
    (link,) = station.engine._mesh._links
    return link._video.sender.transport


def nominated(station: Station) -> Any:
    return transport(station).transport._connection._nominated[1]


def send(station: Station, data: bytes) -> None:
    """From the address that the other end knows; asyncio itself sends nothing that is empty."""
    pair = nominated(station)
    with pair.protocol.transport.get_extra_info("socket").dup() as sending:
        sending.sendto(data, pair.remote_addr)


NOISE = (
    b"",
    b"\x80" * 1501,
    b"\x80" * 1500,
    b"\x16" * 100,
    bytes(20),
    b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12) + b"\x80\x28\x00\x01\x01\x00\x00\x00",
)
"""Nothing, too much, RTP, DTLS, STUN, and STUN with a fingerprint that is too short."""


async def test_datagrams_of_anybody_end_no_call(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    raised: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: raised.append(what))
    stranger, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=nominated(door).remote_addr
    )
    with stranger.get_extra_info("socket").dup() as sending:
        for noise in NOISE:
            sending.send(noise)
            send(door, noise)
    stranger.close()
    await door.sees("hall")
    await hall.sees("door")
    assert not door.told(PeerLinkLost) + hall.told(PeerLinkLost)
    assert not raised


async def test_what_anybody_could_send_is_no_sign_of_life(pair: tuple[Station, Station]) -> None:
    """From the peer's own address, as far as can be seen."""
    door, hall = pair
    pull_cable(hall)
    began_s = time.monotonic()

    def is_lost() -> bool:
        if not door.told(PeerLinkLost):
            send(hall, b"\x80" * 100)
        return bool(door.told(PeerLinkLost))

    hall.offers.clear()
    door.offers.clear()
    await until(is_lost)
    assert time.monotonic() - began_s < 5


def malformed_rtp(random_of: random.Random, number: int) -> bytes:
    """Header extensions of one byte or two, with the identities in use, of any length."""
    profile = random_of.choice((0xBEDE, 0x1000))
    words = random_of.randrange(4)
    value = bytearray(random_of.randbytes(4 * words))
    if words:
        value[0] = random_of.randrange(6) << 4 | random_of.randrange(16)
    header = struct.pack("!BBHLL", 0x90, 127, number, 0, 0xCA11B0)
    return header + struct.pack("!HH", profile, words) + value + b"payload"


def malformed_rtcp(random_of: random.Random) -> bytes:
    body = random_of.randbytes(4 * random_of.randrange(8))
    first = 0x80 | random_of.randrange(64)
    kind = random_of.randrange(200, 208)
    return struct.pack("!BBHL", first, kind, len(body) // 4 + 1, 0xCA11B0) + body


async def test_malformed_packets_of_a_peer_are_dropped(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    own = transport(hall)
    random_of = random.Random(15)
    remb = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=b"REMB\x05\0\0\0")
    for number in range(400):
        send(hall, own._tx_srtp.protect(malformed_rtp(random_of, number)))
        send(hall, own._tx_srtp.protect_rtcp(malformed_rtcp(random_of)))
        send(hall, own._tx_srtp.protect_rtcp(bytes(remb)))
        await asyncio.sleep(0)
    await door.sees("hall")
    await hall.sees("door")
    assert not door.told(PeerLinkLost) + hall.told(PeerLinkLost)
    assert door.engine.statistics().peers["hall"].packets_malformed > 100
    assert hall.engine.statistics().peers["door"].packets_malformed == 0


async def test_what_is_beside_feedback_is_heard(pair: tuple[Station, Station]) -> None:
    """Padded feedback, which aiortc cannot read, and packets that make no sense, in one compound."""
    door, hall = pair
    await door.sees("hall")
    asked = door.engine.statistics().peers["hall"].keyframes_asked
    feedback = pack(FeedbackMessage(1, 2, 0, 0, 0, (4,)))
    assert feedback[0] & 0x20, "it has padding"
    nonsense = struct.pack("!BBHL", 0x80, 205, 1, 1)
    (link,) = door.engine._mesh._links
    wish = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=link._video.sender._ssrc)
    compound = feedback + nonsense + bytes(wish)
    send(hall, transport(hall)._tx_srtp.protect_rtcp(compound))
    await until(lambda: door.engine.statistics().peers["hall"].keyframes_asked > asked)
