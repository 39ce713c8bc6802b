"""Pictures over real sockets and a bad network."""

import threading

from device.media.stages import Stage
from device.media.statistics import PeerCounts
from tests.bench.impairment import Path
from tests.bench.relay import Relay
from tests.media.conftest import MakeStation
from tests.media.lossy import connect_through
from tests.media.world import Station, until


def counts_of(station: Station, uid: str) -> PeerCounts:
    return station.engine.statistics().peers[uid]


async def test_what_is_lost_is_sent_again(new_station: MakeStation) -> None:
    """One packet of eight is lost: the picture goes on all the same. How well: test_picture_lossy."""
    with Relay(to_near=Path(loss=0.12, delay_s=0.02), to_far=Path(delay_s=0.02)) as relay:
        hall, door = await new_station("hall", 1000), await new_station("door", 440)
        await connect_through(relay, hall, door)
        await until(lambda: hall.engine.statistics().peers["door"].pictures.decoded > 60)
        counts = hall.engine.statistics().peers["door"].pictures
        assert relay.report()[1].lost > 5
        assert counts.packets_asked > 5
        assert hall.seen("door") is not None
        assert hall.engine.statistics().stages[Stage.DECODE].count > 60
        traffic = counts_of(hall, "door").traffic
        assert traffic.round_trip_s is not None
        assert 0.04 <= traffic.round_trip_s < 2
        await until(lambda: counts_of(hall, "door").traffic.video_received.loss_fraction != 0)
        received = counts_of(hall, "door").traffic.video_received
        assert received.loss_fraction is not None
        assert 0 < received.loss_fraction < 0.6
        assert received.lost_packets is not None
        assert received.lost_packets > 0
        assert received.jitter_s is not None
        assert 0 < received.jitter_s < 0.5
        assert received.bps > 10_000
        assert not hall.failures + door.failures


async def test_one_decoding_thread_a_peer_and_none_of_aiortc(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await door.sees("hall")
    await hall.sees("door")
    names = [thread.name for thread in threading.enumerate()]
    assert sorted(name for name in names if "pictures" in name) == [
        "pictures-door",
        "pictures-hall",
    ]
    assert not [name for name in names if "decoder" in name]
