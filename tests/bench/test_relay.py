"""The relay is the measure of others, so it is measured itself."""

import asyncio
import struct

import pytest

from device.session.values import Signal
from tests.bench.impairment import Network, Path
from tests.bench.relay import Relay, rewrite
from tests.media.world import Station, introduce, until


def rtp(sequence_number: int, ssrc: int = 7, size: int = 100) -> bytes:
    return struct.pack("!BBHLL", 128, 96, sequence_number % 65536, 0, ssrc) + bytes(size - 12)


@pytest.mark.parametrize("loss", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("burst", [1.0, 4.0])
def test_as_much_is_lost_as_was_asked_for(loss: float, burst: float) -> None:
    first, count, seeds = 60_000, 10_000, range(10)
    networks = [Network(Path(loss=loss, burst=burst, seed=seed)) for seed in seeds]
    for network in networks:
        for number in range(first, first + count):
            network.arrival_s(rtp(number), 0.0)
        assert network.passed == count - network.lost
    lost = sum(network.lost for network in networks)
    assert lost == pytest.approx(loss * count * len(seeds), rel=0.1)


def test_the_same_packets_are_lost_whenever_they_come() -> None:
    def lost(times_s: list[float], first: int) -> list[bool]:
        network = Network(Path(loss=0.2, burst=3))
        return [
            network.arrival_s(rtp(first + at), now_s) is None for at, now_s in enumerate(times_s)
        ]

    fast, slow = [at * 0.01 for at in range(300)], [at * 0.02 for at in range(300)]
    assert lost(fast, 5) == lost(slow, 65_500)
    assert any(lost(fast, 5))


def test_a_bottleneck_queues_and_overflows() -> None:
    network = Network(Path(rate_bps=80_000, queue_s=0.1))  # a packet of 100 bytes takes 10 ms
    arrivals = [network.arrival_s(rtp(number), 0.0) for number in range(20)]
    came = [arrival for arrival in arrivals if arrival is not None]
    assert came == pytest.approx([0.01 * place for place in range(1, 12)])
    assert network.overflowed == 9
    assert max(wait_s for _, wait_s in network.waits) == pytest.approx(0.1)


def test_what_is_not_rtp_is_never_lost_by_chance() -> None:
    network = Network(Path(loss=1.0))
    assert network.arrival_s(b"\0\1" + bytes(20), 3.0) == 3.0
    assert network.arrival_s(rtp(1), 3.0) is None


def test_candidates_are_moved_to_the_relay() -> None:
    sdp = (
        "a=candidate:1 1 udp 2130706431 10.0.0.7 5000 typ host\r\n"
        "a=candidate:2 1 tcp 1518280447 10.0.0.7 9 typ host tcptype active\r\n"
        "a=mid:0\r\n"
    )
    assert rewrite(sdp, 4000) == (
        "a=candidate:1 1 udp 2130706431 127.0.0.1 4000 typ host\r\na=mid:0\r\n"
    )
    line = "candidate:1 1 udp 2130706431 x.local 5000 typ host generation 0"
    assert rewrite(line, 1) == "candidate:1 1 udp 2130706431 127.0.0.1 1 typ host generation 0"


async def test_two_engines_talk_through_it() -> None:
    door, hall = Station("door", 440), Station("hall", 1000)
    introduce(door, hall)
    with Relay(Path(delay_s=0.01), Path(delay_s=0.01)) as relay:
        send_to_hall, send_to_door = hall.receive, door.receive

        def moved(signal: Signal, body: str) -> Signal:
            return Signal(signal.peer, signal.link, signal.kind, body)

        hall.receive = lambda signal: send_to_hall(moved(signal, relay.to_far(signal.body)))  # type: ignore[method-assign]
        door.receive = lambda signal: send_to_door(moved(signal, relay.to_near(signal.body)))  # type: ignore[method-assign]
        await asyncio.gather(door.open(), hall.open())
        try:
            await door.connect("hall", offer=False)
            await hall.connect("door", offer=True)
            await asyncio.gather(door.hears(1000), hall.hears(440))
            to_far, to_near = relay.report()
            assert to_far.passed > 10
            assert to_near.passed > 10
            relay.cut(True)
            await until(lambda: door.loudest_hz() == 0)
        finally:
            await asyncio.gather(door.close(), hall.close())
