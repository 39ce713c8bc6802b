"""Section 6: alone for too long."""

import time

import pytest

from device.session.effects import SetTimer, TimerName
from device.session.facts import PeerJoined, PeerLeft
from device.session.outcomes import TimerFired
from device.session.snapshot import Snapshot
from device.session.step import step
from device.session.table import Phase
from device.session.values import EndReason, MediaState
from tests.session.fakes import ANA, ME, World, entry

CAME = PeerJoined(ANA, MediaState(), we_offer=False)


@pytest.mark.spec("6.idle", "6.warning", "3.on_session_timeout_warning")
async def test_alone_from_the_first_second_on(world: World) -> None:
    await world.start()
    world.clock.advance(119)
    await world.settle()
    assert world.ear.of("session_timeout_warning") == []
    world.clock.advance(1)
    assert await world.ear.wait_for("session_timeout_warning") == (60.0,)


@pytest.mark.spec("6.timeout", "3.on_session_timeout")
async def test_the_session_ends(world: World) -> None:
    call = await world.start()
    world.clock.advance(180)
    await call.wait_ended()
    assert world.ear.names()[-3:] == [
        "session_timeout_warning",
        "session_timeout",
        "session_ended",
    ]
    assert world.ear.of("session_ended") == [(EndReason.IDLE_TIMEOUT,)]


@pytest.mark.spec("6.warning")
async def test_a_short_period_warns_at_once(world: World) -> None:
    call = await world.start(idle_timeout_s=20)
    world.clock.advance(0)
    assert await world.ear.wait_for("session_timeout_warning") == (20.0,)
    await call.stay()
    assert call.idle_seconds_left == 20


@pytest.mark.spec("6.idle")
async def test_company_stops_the_timer_and_solitude_starts_it_anew(world: World) -> None:
    call = await world.start()
    world.clock.advance(170)
    world.exchange.report(CAME)
    await world.ear.wait_for("user_joined")
    world.clock.advance(1000)
    world.exchange.report(PeerLeft("ana", EndReason.REMOTE_END))
    await world.ear.wait_for("user_left")
    assert call.idle_seconds_left == 180
    world.clock.advance(179)
    await world.settle()
    assert call.snapshot.is_live


@pytest.mark.spec("6.idle")
async def test_who_joins_others_is_not_idle(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    world.clock.advance(10_000)
    await world.settle()
    assert call.snapshot.is_live
    assert world.ear.of("session_timeout_warning") == []


@pytest.mark.spec("6.clock")
async def test_a_changed_wall_clock_moves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await world.start()
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    await world.settle()
    assert call.idle_seconds_left == 180
    world.clock.advance(1)
    assert call.idle_seconds_left == 179


@pytest.mark.spec("6.clock")
def test_a_timer_that_fires_early_is_set_again() -> None:
    """Loops round their timers; a lost one would leave the unit in an empty session for good."""
    alone = Snapshot(Phase.ACTIVE, me=ME, warning_at_s=120.0, idle_end_at_s=180.0)
    result = step(alone, TimerFired(TimerName.IDLE_END), 179.999)
    assert result.snapshot == alone
    assert result.effects == (SetTimer(TimerName.IDLE_END, 180.0),)
    assert result.events == ()
