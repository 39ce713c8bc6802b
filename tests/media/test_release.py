"""The end of a call: everything is free within a second, whatever the network does."""

import asyncio
import os
import threading
import time
from collections.abc import Callable

import pytest

from device.media.engine import MediaEngine
from device.session.facts import PeerLinkUp
from device.session.ports import IceServer
from hal import AudioMode, CameraFault, CameraUnavailable, Facing
from hal.audio.protocol import DevicesSink
from hal.audio.simulated import SimulatedAudioRouter
from hal.camera.protocol import FailureSink, FrameSink, VideoFormat
from hal.camera.simulated import SimulatedCamera, SimulatedSensors
from tests.media.conftest import MakeStation
from tests.media.world import Station, connect, until

ENDED_WITHIN_S = 1.0


def sockets() -> int:
    names = os.listdir("/proc/self/fd")
    return sum(_target(name).startswith("socket:") for name in names)


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:  # the listing's own
        return ""


def threads() -> set[str]:
    """Those of a call; the loop keeps its pool for the next one."""
    return {one.name for one in threading.enumerate() if not one.name.startswith("asyncio_")}


@pytest.mark.spec("4.end_session")
async def test_nothing_is_left() -> None:
    before = asyncio.all_tasks(), threads(), sockets()
    door, hall = Station("door", 440), Station("hall", 1000)
    await door.open()
    await hall.open()
    await connect(door, hall)
    await door.sees("hall")
    assert sockets() > before[2]
    for station in (door, hall):
        began_s = time.monotonic()
        await station.close()
        assert time.monotonic() - began_s < ENDED_WITHIN_S
    assert not door.camera.is_open
    assert door.audio.selected is None
    assert (asyncio.all_tasks(), threads(), sockets()) == before
    await door.engine.aclose()


async def test_nothing_is_left_of_a_link_that_never_came_up() -> None:
    before = asyncio.all_tasks(), threads(), sockets()
    hall = Station("hall", 1000)
    await hall.open()
    await hall.connect("door", offer=True)
    await hall.connect("garden", offer=False)
    await hall.close()
    assert (asyncio.all_tasks(), threads(), sockets()) == before


async def test_a_stun_server_that_does_not_answer() -> None:
    """Looking for candidates would take 5 s; the end does not wait for that."""
    before = asyncio.all_tasks(), threads(), sockets()
    hall = Station("hall", 1000)
    await hall.open()
    hall.engine.use_ice_servers((IceServer(("stun:127.0.0.1:9", "nonsense")),))
    offering = asyncio.create_task(hall.connect("door", offer=True))
    await until(lambda: sockets() > before[2])
    offering.cancel()
    await asyncio.gather(offering, return_exceptions=True)
    began_s = time.monotonic()
    await hall.close()
    assert time.monotonic() - began_s < ENDED_WITHIN_S
    assert (asyncio.all_tasks(), threads(), sockets()) == before


async def test_a_socket_that_cannot_be_written_to() -> None:
    """asyncio then never says that it is closed."""
    before = asyncio.all_tasks(), threads(), sockets()
    door, hall = Station("door", 440), Station("hall", 1000)
    await door.open()
    await hall.open()
    await connect(door, hall)
    (link,) = hall.engine._mesh._links
    (protocol,) = link._pc.getTransceivers()[0].receiver.transport.transport._connection._protocols
    protocol.transport._buffer.append((b"stuck", ("127.0.0.1", 9)))
    protocol.transport._buffer_size += 5
    began_s = time.monotonic()
    await hall.close()
    assert time.monotonic() - began_s < ENDED_WITHIN_S
    await door.close()
    assert (asyncio.all_tasks(), threads(), sockets()) == before


async def test_the_end_in_the_middle_of_everything() -> None:
    for turns in range(0, 60, 3):
        before = asyncio.all_tasks(), threads(), sockets()
        door, hall = Station("door", 440), Station("hall", 1000)
        await door.open()
        await hall.open()
        joining = asyncio.create_task(connect(door, hall))
        for _ in range(turns):
            await asyncio.sleep(0)
        await door.close()
        await hall.close()
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)
        assert (asyncio.all_tasks(), threads(), sockets()) == before, f"after {turns} turns"


class SlowCamera(SimulatedCamera):
    """Takes its time to open, as a sensor does."""

    def __init__(self) -> None:
        super().__init__()
        self.opening = threading.Event()
        self.may_open = threading.Event()

    def open(
        self, facing: Facing, video: VideoFormat, on_frame: FrameSink, on_failure: FailureSink
    ) -> None:
        self.opening.set()
        assert self.may_open.wait(5)
        super().open(facing, video, on_frame, on_failure)


async def test_a_camera_that_was_still_opening_is_closed() -> None:
    """No thread can be stopped: the closing waits for the opening that nobody waits for any more."""
    camera = SlowCamera()
    engine = MediaEngine(camera, SimulatedAudioRouter(), loopback_only=True)
    opening = asyncio.create_task(engine.open_camera(Facing.FRONT))
    assert await asyncio.to_thread(camera.opening.wait, 5)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    assert opening.cancelled()
    closing = asyncio.create_task(engine.aclose())
    await asyncio.sleep(0)
    camera.may_open.set()
    await closing
    assert not camera.is_open


class BadlyWatched(SimulatedAudioRouter):
    """Its watch cannot be ended."""

    def watch(self, on_devices: DevicesSink) -> Callable[[], None]:
        super().watch(on_devices)

        def stop() -> None:
            assert threading.current_thread() is not threading.main_thread(), "it may take seconds"
            assert self.selected is None, "it comes after the sound"
            raise RuntimeError("it cannot be ended")

        return stop


async def test_a_watch_that_cannot_be_ended_leaves_nothing_open() -> None:
    camera, audio = SimulatedCamera(SimulatedSensors()), BadlyWatched()
    engine = MediaEngine(camera, audio, loopback_only=True)
    engine.attach(lambda fact: None)
    await engine.open(AudioMode.SPEAKER, muted=False)
    await engine.open_camera(Facing.FRONT)
    with pytest.raises(RuntimeError, match="cannot be ended"):
        await engine.aclose()
    assert not camera.is_open
    assert audio.selected is None


async def test_a_refused_camera_leaves_the_sound_alone(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    await connect(door, hall)
    await door.engine.close_camera()
    door.camera.sensors.fail_next_open(CameraFault.BUSY)
    with pytest.raises(CameraUnavailable) as refused:
        await door.engine.open_camera(Facing.FRONT)
    assert refused.value.reason is CameraFault.BUSY
    await hall.hears(440)
    await door.engine.open_camera(Facing.FRONT)
    await hall.sees("door")


async def test_facts_stop_with_the_end(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    await connect(door, hall)
    await door.engine.aclose()
    told = list(door.facts)
    door.audio.unplug(AudioMode.EARPIECE)
    await hall.engine.disconnect_peer("door")
    await asyncio.sleep(0)
    assert door.facts == told
    assert PeerLinkUp("hall") in told
