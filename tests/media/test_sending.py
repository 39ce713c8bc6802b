"""The lean way from a frame to the wire, heard by aiortc as it comes."""

import struct
import time
from collections.abc import Sequence
from typing import Any

import pytest
from aiortc.rtp import RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket, RtpPacket

from device.media.rtc.lean_sender import HISTORY, LeanSender
from device.media.rtc.round_trip import NTP_EPOCH_S
from device.media.sending.frame import MediaFrame
from device.media.sending.pacer import BURST_S, FRAME_S, REPEAT_S, Pacer
from tests.media.conftest import MakeStation
from tests.media.world import Station, connect, until

RATE_BPS = 5_000_000
PACKET = 1200


def sender(station: Station, uid: str | None = None) -> LeanSender:
    """Of the only link, or of the one to ``uid``."""
    (link,) = [link for link in station.engine._mesh._links if uid in (None, link.uid)]
    return link._video_sender


def departures(pacer: Pacer, packets: int, now_s: float) -> list[float]:
    """When each packet of a frame leaves."""
    pacer.begin(packets * PACKET, now_s)
    times: list[float] = []
    while len(times) < packets:
        now_s += pacer.wait_s(now_s)
        times += [now_s] * pacer.release([PACKET] * (packets - len(times)), now_s)
    return times


def test_an_ordinary_frame_leaves_at_once() -> None:
    pacer = Pacer(lambda: RATE_BPS)
    for frame in range(100):
        now_s = 10 + frame / 30
        assert departures(pacer, 7, now_s) == [now_s] * 7


def test_a_keyframe_leaves_in_small_bursts_at_the_pacing_rate() -> None:
    pacer = Pacer(lambda: RATE_BPS)
    times = departures(pacer, 28, 10.0)
    at_rate_s = 28 * PACKET * 8 / RATE_BPS
    assert times[-1] - times[0] == pytest.approx(at_rate_s - BURST_S, abs=0.003)
    for time_s in times:
        burst = [other for other in times if time_s <= other < time_s + BURST_S]
        assert len(burst) * PACKET * 8 <= 2 * BURST_S * RATE_BPS + 8 * PACKET
    assert departures(pacer, 7, times[-1])[-1] > times[-1], "what comes after waits its turn"
    later_s = times[-1] + 4 * FRAME_S
    assert departures(pacer, 7, later_s) == [later_s] * 7


def test_lost_packets_leave_again_at_once_but_not_a_queue_full_of_them() -> None:
    pacer = Pacer(lambda: RATE_BPS)
    repeated = sum(pacer.repeat(PACKET, 10.0) for _ in range(500))
    assert repeated * PACKET * 8 / RATE_BPS == pytest.approx(REPEAT_S, rel=0.05)
    assert pacer.wait_s(10.0) > 0, "what is new waits for them"
    assert pacer.repeat(PACKET, 10.01)


def lose(station: Station, numbers: set[int]) -> list[RtpPacket]:
    """Let packets of these places in the stream of video get lost once; gives all that are sent."""
    wire = sender(station)._wire
    stock, sent = wire.send, []

    def send(packets: Sequence[bytes]) -> None:
        kept = []
        for packet in packets:
            sent.append(RtpPacket.parse(packet))
            if len(sent) not in numbers:
                kept.append(packet)
        stock(kept)

    wire.send = send  # type: ignore[method-assign]
    return sent


async def test_a_lost_packet_is_sent_again(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    frames = hall.pictures("door")
    sent = lose(door, {5, 9})
    lost = []

    def healed() -> bool:
        again = [packet for packet in sent if packet.ssrc != sender(door)._sender._ssrc]
        lost[:] = [int.from_bytes(packet.payload[:2], "big") for packet in again]
        return len(lost) >= 2

    await until(healed)
    assert {sent[4].sequence_number, sent[8].sequence_number} <= set(lost)
    await until(lambda: hall.pictures("door") > frames + 20)


async def test_what_is_forgotten_is_not_sent_again(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    sent = lose(door, set())
    await until(lambda: len(sent) > 3)
    numbers = [packet.sequence_number for packet in sent[:3]]
    lean = sender(door)
    lean.forget()
    nack = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=lean._sender._ssrc, lost=numbers)
    before = len(sent)
    await lean._sender._handle_rtcp_packet(nack)
    assert len(sent) == before


async def test_a_link_that_breaks_within_a_frame_takes_nothing_from_the_others(
    new_station: MakeStation, caplog: pytest.LogCaptureFixture
) -> None:
    door, hall, attic = [
        await new_station(uid, tone_hz)
        for uid, tone_hz in (("door", 440), ("hall", 1000), ("attic", 700))
    ]
    await connect(door, hall, attic)
    await hall.sees("door")
    await attic.sees("door")
    lean = sender(door, "hall")
    await until(lambda: lean._frame is None)
    lean._pacer = Pacer(lambda: 100_000)
    lean._queue.put(MediaFrame((bytes(PACKET),) * 20, 0, 0.0, 0.0, is_keyframe=True))  # type: ignore[attr-defined]
    assert lean._frame is not None, "the rest of it waits"
    lean._wire._dtls.transport._connection._nominated.clear()  # as aioice does when it closes
    assert lean._timer is not None
    lean._timer.cancel()
    lean._pump()
    assert lean._frame is None
    await attic.sees("door")
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_lost_packet_is_sent_again_beyond_the_wrap(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    lean = sender(door)
    sent = lose(door, set())
    lean._sequence_number = 65_535
    await until(lambda: any(packet.sequence_number == 0 for packet in sent))
    before = len(sent)
    data = struct.pack("!BBHLLHH", 0x81, 205, 3, 1, lean._sender._ssrc, 65_535, 1)
    (nack,) = RtcpPacket.parse(data)
    await lean._sender._handle_rtcp_packet(nack)
    again = [int.from_bytes(packet.payload[:2], "big") for packet in sent[before:]]
    assert again == [65_535, 0]


async def test_a_report_says_when_a_picture_was_taken(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    lean = sender(door)
    private: Any = lean._sender
    sent = lose(door, set())
    await until(lambda: lean._frame is None)
    lean._pacer = Pacer(lambda: 1e9)
    taken_s = time.monotonic() - 7
    lean._queue.put(MediaFrame((b"\x41x",), 1234, taken_s, taken_s, is_keyframe=True))  # type: ignore[attr-defined]
    assert lean._frame is None
    wall_s = private._RTCRtpSender__ntp_timestamp / 2**32 - NTP_EPOCH_S
    assert wall_s - time.time() == pytest.approx(taken_s - time.monotonic(), abs=0.1)
    assert private._RTCRtpSender__rtp_timestamp == sent[-1].timestamp
    assert sent[-1].timestamp == (lean._origin + 1234) % 2**32
    stats = await private.getStats()
    outbound = next(each for each in stats.values() if each.type == "outbound-rtp")
    assert outbound.packetsSent == door.engine.statistics().peers["hall"].video_packets_sent


async def test_a_voice_without_video_is_protected_by_its_own_reports(
    pair: tuple[Station, Station],
) -> None:
    door, _hall = pair
    (link,) = door.engine._mesh._links
    asked: list[float] = []
    door.engine._voice._encoder.expect_loss = asked.append  # type: ignore[method-assign]
    voice = link._voice.sender
    lost = RtcpReceiverInfo(
        ssrc=voice._ssrc,
        fraction_lost=64,
        packets_lost=0,
        highest_sequence=0,
        jitter=0,
        lsr=0,
        dlsr=0,
    )
    await voice._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=[lost]))
    await until(lambda: 0.25 in asked)


async def test_the_history_is_bounded_and_wraps(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    lean = sender(door)
    await until(lambda: lean._frame is None)
    lean._pacer = Pacer(lambda: 1e9)
    sent = lose(door, set())
    lean._sequence_number = 65_535 - HISTORY
    for number in range(2 * HISTORY):
        lean._queue.put(MediaFrame((b"\x41x",), number, 0.0, 0.0, is_keyframe=True))  # type: ignore[attr-defined]
    made = [packet.sequence_number for packet in sent]
    assert made == [(65_535 - HISTORY + number) % 2**16 for number in range(2 * HISTORY)]
    sent.clear()
    for number in made[:HISTORY]:
        await lean._retransmit(number)
    assert not sent, "it is bounded"
    for number in made[HISTORY:]:
        await lean._retransmit(number)
    assert [int.from_bytes(packet.payload[:2], "big") for packet in sent] == made[HISTORY:]
