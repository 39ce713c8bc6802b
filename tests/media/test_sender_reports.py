"""What is heard of a sender's clock."""

from typing import Any

from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from device.media.picture.sync import SenderReport
from device.media.rtc import reports


class Receiver:
    """As much of aiortc's as a listener uses."""

    def __init__(self) -> None:
        self.handled: list[Any] = []

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        self.handled.append(packet)


def report(ntp_timestamp: int, packet_count: int) -> RtcpSrPacket:
    return RtcpSrPacket(
        ssrc=7, sender_info=RtcpSenderInfo(ntp_timestamp, 90_000, packet_count, 0), reports=[]
    )


async def test_a_report_from_before_the_first_packet_tells_no_time() -> None:
    receiver, heard = Receiver(), list[SenderReport]()
    reports.listen(receiver, heard.append)
    packets = [report(0, 0), report(5 << 32, 0), report(0, 3), report(5 << 32, 3)]
    for packet in packets:
        await receiver._handle_rtcp_packet(packet)
    assert heard == [SenderReport(5.0, 90_000)]
    assert receiver.handled == packets
