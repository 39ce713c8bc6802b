"""A camera that was lost comes back by itself, unless a person has decided otherwise."""

import asyncio

import pytest

from device.session import lost_camera
from device.session.facts import CameraLost
from hal import CameraFault, CameraUnavailable, Facing
from tests.session.fakes import ME, World

LOST = CameraLost(CameraUnavailable(CameraFault.DISCONNECTED, "The camera is gone."))
ABSENT = CameraUnavailable(CameraFault.ABSENT, "No front camera.")
LAST_S = sum(lost_camera.AFTER_S)


async def lose(world: World) -> None:
    world.media.failures["open_camera"] = ABSENT
    world.media.report(LOST)
    await world.ear.wait_for("error")


def openings(world: World) -> int:
    return world.media.names().count("open_camera")


async def wait_out(world: World, attempts: int) -> None:
    for pause_s in lost_camera.AFTER_S[:attempts]:
        world.clock.advance(pause_s)
        await world.settle()


@pytest.mark.spec("3.on_error", "3.on_video_paused")
async def test_one_that_is_back_films_again_and_that_is_told(world: World) -> None:
    call = await world.start()
    await lose(world)
    await wait_out(world, 2)
    assert openings(world) == 3
    assert not call.snapshot.camera_open
    world.media.failures.clear()
    world.clock.advance(lost_camera.AFTER_S[2])
    await world.settle()
    assert call.snapshot.camera_open
    assert not call.snapshot.state.video_paused
    assert world.ear.of("video_paused") == [(ME, True), (ME, False)]
    assert len(world.ear.of("error")) == 1, "the loss is told once"
    world.clock.advance(LAST_S)
    await world.settle()
    assert openings(world) == 4


async def test_after_half_a_minute_a_person_has_to_ask(world: World) -> None:
    call = await world.start()
    await lose(world)
    await wait_out(world, len(lost_camera.AFTER_S) + 1)
    tried = openings(world)
    assert tried == 1 + len(lost_camera.AFTER_S)
    assert LAST_S == 30
    world.clock.advance(60)
    await world.settle()
    assert openings(world) == tried
    with pytest.raises(CameraUnavailable, match="No front camera"):
        await call.pause_video(False)
    world.media.failures.clear()
    await call.pause_video(False)
    assert call.snapshot.camera_open


async def test_who_pauses_the_video_meanwhile_is_heeded(world: World) -> None:
    call = await world.start()
    await lose(world)
    await call.pause_video(True)
    world.media.failures.clear()
    world.clock.advance(LAST_S)
    await world.settle()
    assert openings(world) == 1


async def test_who_pauses_it_in_the_middle_of_an_attempt_is_heeded(world: World) -> None:
    call = await world.start()
    await lose(world)
    gate = world.media.gates["open_camera"] = asyncio.Event()
    world.clock.advance(lost_camera.AFTER_S[0])
    await world.settle()
    pausing = asyncio.create_task(call.pause_video(True))
    await world.settle()
    gate.set()
    await pausing
    world.media.failures.clear()
    world.clock.advance(LAST_S)
    await world.settle()
    assert openings(world) == 2
    assert not call.snapshot.camera_open
    assert len(world.ear.of("error")) == 1


async def test_it_comes_back_facing_as_was_asked_meanwhile(world: World) -> None:
    call = await world.start()
    await lose(world)
    await call.switch_camera()
    world.media.failures.clear()
    world.clock.advance(lost_camera.AFTER_S[0])
    await world.settle()
    assert world.media.last("open_camera") == ("open_camera", Facing.REAR)
    assert call.snapshot.facing is Facing.REAR


async def test_one_that_dies_again_at_once_is_tried_again(world: World) -> None:
    call = await world.start()
    world.media.report(LOST)
    await world.ear.wait_for("error")
    gate = world.media.gates["open_camera"] = asyncio.Event()
    world.clock.advance(lost_camera.AFTER_S[0])
    await world.settle()
    world.media.report(LOST)
    await world.settle()
    gate.set()
    await world.settle()
    assert not call.snapshot.camera_open
    world.clock.advance(lost_camera.AFTER_S[0])
    await world.settle()
    assert call.snapshot.camera_open
