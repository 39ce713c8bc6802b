"""Pictures over a lossy way that is simulated: exact, because nothing waits for a busy machine."""

import heapq
import random

import pytest

from device.media.picture.inbound import InboundVideo
from tests.media.video_packets import packets_of, stream

ONE_WAY_S = 0.02


@pytest.mark.parametrize("seed", range(3))
def test_what_is_lost_is_sent_again(seed: int) -> None:
    """One packet of eight is lost, its retransmission as well: every picture comes."""
    chance = random.Random(seed)
    pictures = stream([(10_000, True), *[(2500, False)] * 600])
    packets = {packet.sequence_number: packet for packet in packets_of(pictures)}
    ways = [
        (at / 30 + ONE_WAY_S, packet.sequence_number)
        for at, picture in enumerate(pictures)
        for packet in picture.packets
        if chance.random() > 0.12 or picture is pictures[-1]  # after it nothing would tell
    ]
    inbound = InboundVideo()
    units = []
    end_s = len(pictures) / 30 + 1
    while (now_s := min(ways[0][0] if ways else end_s, inbound.due_s() or end_s)) < end_s:
        if ways and ways[0][0] <= now_s:
            units += inbound.put(packets[heapq.heappop(ways)[1]], now_s)
        asks = inbound.asks(now_s)
        for number in asks.lost if asks else []:
            if chance.random() > 0.12:
                heapq.heappush(ways, (now_s + 2 * ONE_WAY_S, number))
    counts = inbound.counts()
    assert [unit.data for unit in units] == [picture.data for picture in pictures]
    assert counts.packets_asked > 60
    assert counts.keyframes_asked == 0
