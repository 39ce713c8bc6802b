"""Engines that follow the network between them: feedback over real sockets, through the relay."""

from dataclasses import dataclass, replace

from device.session.values import Signal
from hal import VideoFormat
from hal.camera.picture import PictureKind
from tests.bench.impairment import Path
from tests.bench.relay import Relay
from tests.media.conftest import MakeStation
from tests.media.world import Station, until

BUSY = VideoFormat(width=320, height=180, frame_rate_hz=15, bitrate_bps=1_000_000)
NARROW = Path(rate_bps=400_000, delay_s=0.01)
PATIENT_S = 60
"""A busy machine takes its time. How well and how soon: test_estimator, whose network is simulated."""


async def test_both_ends_learn_what_the_network_takes(pair: tuple[Station, Station]) -> None:
    door, hall = pair

    def know() -> bool:
        return all(
            peer.takes_bps is not None and peer.takes_bps > 300_000
            for station in pair
            for peer in station.engine.statistics().peers.values()
        )

    await until(know)
    assert not door.failures + hall.failures


@dataclass
class Changed:
    """A station that is told something else than what was said."""

    station: Station
    what: str

    def receive(self, signal: Signal) -> None:
        lines = signal.body.splitlines(keepends=True)
        body = "".join(line for line in lines if self.what not in line)
        self.station.receive(replace(signal, body=body))


async def test_a_peer_that_reports_no_arrivals_is_heard_by_remb(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    door.others = {"hall": Changed(hall, "transport-wide-cc")}  # type: ignore[dict-item]
    hall.others = {"door": Changed(door, "transport-wide-cc")}  # type: ignore[dict-item]
    await door.connect("hall", offer=False)
    await hall.connect("door", offer=True)
    await until(lambda: bool(door.engine.statistics().peers["hall"].estimated_bps))
    assert door.engine.statistics().peers["hall"].takes_bps is None
    await hall.sees("door")


@dataclass
class Behind:
    """A station on the other side of the relay."""

    station: Station
    relay: Relay
    is_far: bool

    def receive(self, signal: Signal) -> None:
        rewritten = self.relay.to_far if self.is_far else self.relay.to_near
        self.station.receive(replace(signal, body=rewritten(signal.body)))


async def test_a_busy_picture_fits_through_a_bottleneck_and_comes_back() -> None:
    door, hall = Station("door", 440, BUSY), Station("hall", 1000)
    door.camera.picture = PictureKind.BUSY

    def target_bps() -> int:
        return door.engine.statistics().target_bps

    with Relay() as relay:
        try:
            await door.open()
            await hall.open()
            door.others = {"hall": Behind(hall, relay, True)}  # type: ignore[dict-item]
            hall.others = {"door": Behind(door, relay, False)}  # type: ignore[dict-item]
            await hall.connect("door", offer=False)
            await door.connect("hall", offer=True)
            await hall.sees("door")
            await until(lambda: target_bps() > 0.8 * BUSY.bitrate_bps, PATIENT_S)
            relay.change(NARROW, Path())
            await until(lambda: target_bps() < 0.5 * BUSY.bitrate_bps, PATIENT_S)
            await hall.sees("door")
            relay.change(Path(), Path())
            await until(lambda: target_bps() > 0.8 * BUSY.bitrate_bps, PATIENT_S)
            await hall.hears(440)
            peer = door.engine.statistics().peers["hall"]
            assert peer.estimated_bps is None, "no REMB beside the arrivals: it would be a limit"
        finally:
            await door.close()
            await hall.close()
