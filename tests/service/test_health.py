"""A driver that never comes back, in a unit that runs: the watchdog is to hear of it."""

import asyncio
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device.service.standstill import CHECK_S, DRIVER_S, Part, Standstill, StandstillWatch
from device.unit import Unit
from device.unit_port import ServedUnit
from hal.camera.simulated import SimulatedCamera
from tests.control.conftest import Served, config_for, door, exchange, serving
from tests.exchange.conftest import RunningExchange
from tests.media.world import until

__all__ = ["door", "exchange"]
LOOK_S = 2.0


class Driver:
    """The camera's, which hangs in one of its calls until it is let go."""

    def __init__(self) -> None:
        self.is_in = threading.Event()
        self.go_on = threading.Event()

    def hang(self, *arguments: Any) -> bytes:
        self.is_in.set()
        self.go_on.wait()
        return b""


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.go_on.set()


def found_within(unit: Unit, seconds: float) -> Standstill | None:
    """What the watchdog believes of the drivers after so long, by a clock of its own, in which media
    has no time to move."""
    watch = StandstillWatch(after_s=math.inf)
    looks = [unit.health(watch, LOOK_S * look) for look in range(round(seconds / LOOK_S) + 1)]
    return looks[-1].standstill


async def test_a_camera_that_never_opens(
    exchange: RunningExchange,
    tmp_path: Path,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SimulatedCamera, "open", driver.hang)
    async with serving(config_for(exchange.url, "door"), tmp_path / "door.sock") as door:
        await until(driver.is_in.is_set)
        call = door.unit.calls.active
        assert call is not None
        assert found_within(door.unit, DRIVER_S - LOOK_S) is None
        found = found_within(door.unit, DRIVER_S)
        assert found is not None
        assert str(found) == "The camera's driver has not come back for 30 s"
        await call.end_session()
        await call.wait_ended()
        still = found_within(door.unit, DRIVER_S)
        assert still is not None, "also after the call"
        assert still.flow.part is Part.CAMERA_DRIVER
        driver.go_on.set()
        await until(lambda: found_within(door.unit, DRIVER_S) is None)


async def test_a_look_at_the_hardware_that_never_ends(
    door: Served, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked for it gives up, which no thread hears of."""
    await door.unit.end()
    monkeypatch.setattr(SimulatedCamera, "snapshot", driver.hang)
    looking = asyncio.create_task(ServedUnit(door.unit).snapshot(None))
    await until(driver.is_in.is_set)
    looking.cancel()
    assert found_within(door.unit, CHECK_S - LOOK_S) is None
    found = found_within(door.unit, CHECK_S)
    assert found is not None
    assert found.flow.part is Part.CHECK
    driver.go_on.set()
    await asyncio.gather(looking, return_exceptions=True)
    assert found_within(door.unit, CHECK_S) is None
