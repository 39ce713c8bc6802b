"""Stations that are in a call, and closed after it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.media.world import Station, connect

MakeStation = Callable[[str, int], Awaitable[Station]]


@pytest.fixture
async def new_station() -> AsyncIterator[MakeStation]:
    """Makes open stations: uid, and the tone that its microphone hears."""
    async with AsyncExitStack() as stack:

        async def make(uid: str, tone_hz: int) -> Station:
            station = Station(uid, tone_hz)
            stack.push_async_callback(station.close)
            await station.open()
            return station

        yield make


@pytest.fixture
async def pair(new_station: MakeStation) -> tuple[Station, Station]:
    """The door (440 Hz) and the hall (1000 Hz), linked; the hall makes the offers."""
    stations = await new_station("door", 440), await new_station("hall", 1000)
    await connect(*stations)
    return stations
