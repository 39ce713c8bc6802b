"""What people read of a link: rates, losses, jitter, the round trip."""

import pytest
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket
from hypothesis import given, strategies as st

from device.media.rtc.incoming import IncomingMeter
from device.media.stages import Stage
from device.media.statistics import PeerCounts
from device.media.traffic import RateMeter, Received
from tests.media.conftest import MakeStation
from tests.media.world import connect, until


@given(st.integers(1, 200), st.floats(0.002, 0.05), st.floats(0, 1e6))
def test_a_steady_stream_has_its_rate(octets: int, every_s: float, since_s: float) -> None:
    meter, now_s = RateMeter(), since_s
    while now_s < since_s + 2:
        meter.add(octets, now_s)
        now_s += every_s
    packets_off = 2 * 8 * octets
    assert meter.bps(now_s) == pytest.approx(8 * octets / every_s, abs=packets_off)
    assert meter.bps(now_s + 1.2) == 0.0


class Receiver:
    """As much of aiortc's as the meter uses."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    async def _send_rtcp(self, packet: object) -> None:
        self.sent.append(packet)


async def test_the_stream_that_is_played_counts_and_not_its_retransmissions() -> None:
    receiver = Receiver()
    meter = IncomingMeter(receiver, 90_000)
    assert meter.received() == Received()
    meter.note(7, 100)
    other = RtcpReceiverInfo(8, 200, 200, 0, 90_000, 0, 0)
    played = RtcpReceiverInfo(7, 64, 3, 0, 900, 0, 0)
    packet = RtcpRrPacket(ssrc=1, reports=[played, other])
    await receiver._send_rtcp(packet)
    received = meter.received()
    assert (received.loss_fraction, received.lost_packets, received.jitter_s) == (0.25, 3, 0.01)
    assert receiver.sent == [packet]


async def test_a_call_without_a_picture_has_its_numbers_as_well(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    for station in (door, hall):
        await station.engine.close_camera()
    await connect(door, hall)

    def counts() -> PeerCounts:
        return hall.engine.statistics().peers["door"]

    await until(lambda: counts().traffic.round_trip_s is not None)
    await until(lambda: counts().traffic.voice_received.jitter_s is not None)
    await until(lambda: counts().traffic.voice_received.bps > 5_000)
    traffic = counts().traffic
    assert traffic.voice_sent_bps > 5_000
    assert traffic.video_sent_bps == traffic.video_received.bps == 0.0
    assert traffic.voice_received.loss_fraction == 0.0
    stages = hall.engine.statistics().stages
    voice = {Stage.VOICE_ENCODE, Stage.VOICE_QUEUE, Stage.VOICE_SEND, Stage.BUFFER}
    assert voice <= set(stages)
    assert Stage.SEND not in stages
