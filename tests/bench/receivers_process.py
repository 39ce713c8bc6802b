"""Stock aiortc receivers in a process of their own, which decode and estimate nothing.

python -m tests.bench.receivers_process
"""

import asyncio
from typing import Any

import aiortc.rtcrtpreceiver
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from device.media.description import completed
from device.media.rtc import dtls
from device.media.rtc.ice import Gathering, gathering
from tests.bench.child import serve
from tests.bench.stock_media import use_loopback


class NoDecoder:
    """What aiortc's decoding thread is given: the cost of a picture is none of the sender's."""

    def decode(self, encoded: Any) -> list[Any]:
        return []


class NoEstimate:
    """What is given for aiortc's estimator: a receiver short of CPU finds its network slow (REMB), and
    a sender that heeds it would send less than one that does not."""

    def add(self, **packet: int) -> None: ...


class Receivers:
    """By name of the peer."""

    def __init__(self) -> None:
        self._connections: dict[str, RTCPeerConnection] = {}

    async def answer(self, peer: str, offer: str) -> str:
        pc = RTCPeerConnection(RTCConfiguration([]))
        self._connections[peer] = pc
        await pc.setRemoteDescription(RTCSessionDescription(completed(offer), "offer"))
        with gathering(Gathering(loopback_only=True)):
            await pc.setLocalDescription(await pc.createAnswer())
        return pc.localDescription.sdp

    async def packets(self) -> dict[str, int]:
        """Of all kinds that each has received."""
        return {peer: await _received(pc) for peer, pc in self._connections.items()}

    async def aclose(self) -> None:
        await asyncio.gather(*(pc.close() for pc in self._connections.values()))


async def _received(pc: RTCPeerConnection) -> int:
    report = await pc.getStats()
    return sum(each.packetsReceived for each in report.values() if each.type == "inbound-rtp")


async def main() -> None:
    aiortc.rtcrtpreceiver.get_decoder = lambda codec: NoDecoder()  # type: ignore[attr-defined]
    aiortc.rtcrtpreceiver.RemoteBitrateEstimator = NoEstimate  # type: ignore[attr-defined]
    use_loopback()
    dtls.install()
    receivers = Receivers()
    await serve({"answer": receivers.answer, "packets": receivers.packets})
    await receivers.aclose()


if __name__ == "__main__":
    asyncio.run(main())
