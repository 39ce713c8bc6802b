"""The watchdog is fed by the loop, and by proof."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from device.service.heartbeat import BEAT_S, Health, Heartbeat
from device.service.manager import ServiceManager
from device.service.standstill import Flow, Part, Standstill
from tests.service.listening import Datagrams
from tests.session.fakes import ManualClock

STILL = Standstill(Flow(Part.CAMERA), 12.0)


@dataclass
class Service:
    systemd: Datagrams
    clock: ManualClock = field(default_factory=ManualClock)
    health: Health = Health("In a session, alone.")
    watchdog_s: float | None = 20.0

    def __post_init__(self) -> None:
        self.manager = ServiceManager(self.systemd.address, self.watchdog_s)
        self.heartbeat = Heartbeat(self.manager, self.clock, lambda now_s: self.health)

    def heard_in(self, seconds: float) -> list[str]:
        self.clock.advance(seconds)
        return self.systemd.take()


@pytest.fixture
def service(systemd: Datagrams) -> Iterator[Service]:
    made = Service(systemd)
    yield made
    made.heartbeat.stop()
    made.manager.close()


def test_it_is_ready_and_beats(service: Service) -> None:
    service.heartbeat.start()
    assert service.systemd.take() == ["READY=1", "WATCHDOG=1", "STATUS=In a session, alone."]
    assert service.heard_in(3 * BEAT_S) == ["WATCHDOG=1"] * 3
    service.heartbeat.stop()
    service.heartbeat.stop()
    assert service.heard_in(10 * BEAT_S) == ["STOPPING=1"]


def test_a_standstill_is_not_fed_and_says_why(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.heartbeat.start()
    service.systemd.take()
    service.health = Health("In a session, alone.", STILL)
    (words,) = service.heard_in(2 * BEAT_S)
    assert words.startswith(
        "STATUS=The camera has given no picture for 12 s; the watchdog is not fed"
    )
    (error,) = caplog.records
    assert error.levelno == logging.ERROR
    assert error.journal == {"CALLBOX_STANDSTILL": "camera"}  # type: ignore[attr-defined]
    service.health = Health("In a session, alone.")
    assert service.heard_in(BEAT_S) == ["WATCHDOG=1", "STATUS=In a session, alone."]
    assert "moves again" in caplog.text


def test_a_short_watchdog_is_fed_in_time(systemd: Datagrams) -> None:
    service = Service(systemd, watchdog_s=1.0)
    service.heartbeat.start()
    assert service.heard_in(1.0).count("WATCHDOG=1") == 5
    service.heartbeat.stop()
    service.manager.close()


def test_without_systemd_nothing_beats() -> None:
    clock = ManualClock()
    Heartbeat(ServiceManager(), clock, lambda now_s: Health("")).start()
    assert clock.timers == []


async def test_a_look_that_breaks_ends_the_beat(systemd: Datagrams) -> None:
    """The loop logs it, and systemd does the rest."""
    loop = asyncio.get_running_loop()
    broken = asyncio.Event()
    loop.set_exception_handler(lambda *_: broken.set())
    looks = iter([Health("well")])
    manager = ServiceManager(systemd.address, 0.1)
    clock = ManualClock()
    heartbeat = Heartbeat(manager, clock, lambda now_s: next(looks))
    heartbeat.start()
    with pytest.raises(StopIteration):
        clock.advance(BEAT_S)
    assert systemd.take() == ["READY=1", "WATCHDOG=1", "STATUS=well"]
    assert not [timer for timer in clock.timers if not timer.is_cancelled]
    manager.close()
