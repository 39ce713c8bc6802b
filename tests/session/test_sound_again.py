"""Sound that failed comes back by itself, in a unit where nobody picks a route."""

import pytest

from device.session.effects import SetTimer, TimerName
from device.session.facts import AudioFailed, DevicesChanged
from device.session.outcomes import TimerFired
from device.session.snapshot import Snapshot, SoundTrouble
from device.session.sound_again import CALM_S, LONGEST_S
from device.session.step import step
from device.session.table import Phase
from hal import AudioFault, AudioMode, AudioUnavailable
from tests.session.fakes import ME, World

STILL = AudioFailed("The loudspeaker stands still.")
BROKEN = AudioUnavailable(AudioFault.FAILED, "The loudspeaker cannot be opened.")


async def fail(world: World) -> None:
    world.media.report(STILL)
    await world.settle()


async def pass_by(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    await world.settle()


def attempts(world: World) -> int:
    return world.media.names().count("select_route")


@pytest.mark.spec("3.on_audio_mode_changed")
async def test_a_route_that_stood_still_is_selected_again(world: World) -> None:
    call = await world.start(idle_timeout_s=0)
    await fail(world)
    assert call.snapshot.route is None
    await pass_by(world, 0.9)
    assert attempts(world) == 0
    await pass_by(world, 0.1)
    assert world.media.last("select_route")[1] is AudioMode.SPEAKER
    assert call.snapshot.route is AudioMode.SPEAKER
    assert not call.snapshot.route_failed
    assert len(world.ear.of("error")) == 1


async def test_one_that_goes_on_failing_is_told_once_and_tried_ever_more_slowly(
    world: World,
) -> None:
    call = await world.start(idle_timeout_s=0)
    for wait_s in (1, 2, 4, 8, 16, 32, LONGEST_S, LONGEST_S):
        await fail(world)
        before = attempts(world)
        await pass_by(world, wait_s - 0.1)
        assert attempts(world) == before
        await pass_by(world, 0.1)
        assert attempts(world) == before + 1
        assert call.snapshot.route is AudioMode.SPEAKER
        await pass_by(world, 3)
    assert len(world.ear.of("error")) == 1


async def test_after_a_calm_it_begins_anew(world: World) -> None:
    await world.start(idle_timeout_s=0)
    for _ in range(2):
        await fail(world)
        await pass_by(world, 1)
        assert attempts(world) == 1
        world.media.asked.clear()
        await pass_by(world, CALM_S + 1)
    assert len(world.ear.of("error")) == 2


async def test_a_refused_attempt_is_followed_by_another(world: World) -> None:
    call = await world.start(idle_timeout_s=0)
    world.media.failures_once["select_route"] = BROKEN
    await fail(world)
    await pass_by(world, 1)
    assert call.snapshot.route is None
    assert call.snapshot.route_failed
    await pass_by(world, 2)
    assert call.snapshot.route is AudioMode.SPEAKER
    assert [error[1] for error in world.ear.of("error")] == [STILL.message, str(BROKEN)]


async def test_sound_that_did_not_open_at_the_start_is_opened_later(world: World) -> None:
    world.media.failures_once["open"] = BROKEN
    call = await world.start(idle_timeout_s=0)
    assert call.snapshot.muted
    await pass_by(world, 1)
    assert call.snapshot.route is AudioMode.SPEAKER
    assert not call.snapshot.muted


async def test_who_picks_another_route_meanwhile_keeps_it(world: World) -> None:
    call = await world.start(idle_timeout_s=0)
    await fail(world)
    await call.set_audio_mode(AudioMode.EARPIECE)
    await pass_by(world, 5)
    assert call.snapshot.route is AudioMode.EARPIECE
    assert attempts(world) == 1


async def test_without_a_device_nothing_is_tried(world: World) -> None:
    await world.start(idle_timeout_s=0)
    await fail(world)
    world.media.report(DevicesChanged(()))
    await pass_by(world, 100)
    assert attempts(world) == 0


def test_a_timer_that_fires_early_is_set_again() -> None:
    trouble = SoundTrouble("", failed_at_s=10.0, wait_s=1.0)
    silent = Snapshot(Phase.ACTIVE, me=ME, sound_trouble=trouble)
    result = step(silent, TimerFired(TimerName.SOUND_AGAIN), 10.999)
    assert result.snapshot == silent
    assert result.effects == (SetTimer(TimerName.SOUND_AGAIN, 11.0),)
