"""Media engines joined by real sockets on loopback."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from hal import Facing
from hal.camera import stamp
from tests.media.world import Station, connect, until


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Station, Station]]:
    stations = Station("door", 440), Station("hall", 1000)
    for station in stations:
        await station.open()
    yield stations
    for station in stations:
        await station.close()


def seen(station: Station, uid: str) -> stamp.Stamp | None:
    frame = station.engine.latest_frame(uid)
    if frame is None:
        return None
    height = frame.picture.height
    return stamp.read(np.asarray(frame.picture.to_ndarray(format="yuv420p")[:height]))


async def test_two_units_see_and_hear_each_other(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await connect(door, hall)
    await until(lambda: seen(door, "hall") is not None and seen(hall, "door") is not None)
    await until(lambda: abs(door.loudest_hz() - 1000) < 5 and abs(hall.loudest_hz() - 440) < 5)
    shown = seen(door, "hall")
    assert shown is not None
    assert shown.facing is Facing.FRONT
    assert not door.failures + hall.failures
