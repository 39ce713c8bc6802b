"""Section 4: what can be asked of a call, refused, repeated."""

import asyncio
import threading

import pytest

from device.errors import (
    AudioModeUnavailable,
    CallInProgress,
    ExchangeError,
    ExchangeUnreachable,
    NotAvailable,
    NotInSession,
    TokenRefused,
)
from device.session.call import CallSession
from device.session.facts import ButtonReported, SwitchedToVideo, VideoRequested
from device.session.settings import CallSettings
from device.session.values import MediaState
from hal import AudioMode, Button, CameraFault, CameraUnavailable, Edge, Facing
from tests.session.fakes import ANA, TOKEN, FakeMedia, World, entry


@pytest.mark.spec("4.switch_camera")
async def test_switch_camera_goes_to_the_rear_and_back(world: World) -> None:
    call = await world.start()
    await call.switch_camera()
    assert call.snapshot.facing is Facing.REAR
    await call.switch_camera()
    assert call.snapshot.facing is Facing.FRONT
    moves = [asked for asked in world.media.asked if asked[0] == "switch_camera"]
    assert moves == [("switch_camera", Facing.REAR), ("switch_camera", Facing.FRONT)]


@pytest.mark.spec("4.switch_camera")
async def test_one_camera_cannot_be_switched(world: World) -> None:
    world.media.facings = (Facing.FRONT,)
    call = await world.start()
    before = call.snapshot
    with pytest.raises(CameraUnavailable) as caught:
        await call.switch_camera()
    assert caught.value.reason is CameraFault.ONLY_ONE
    assert call.snapshot == before


@pytest.mark.spec("4.switch_camera")
async def test_a_failed_switch_leaves_the_old_camera(world: World) -> None:
    call = await world.start()
    world.media.failures["switch_camera"] = CameraUnavailable(CameraFault.DISCONNECTED, "Gone.")
    with pytest.raises(CameraUnavailable):
        await call.switch_camera()
    assert call.snapshot.facing is call.snapshot.wanted_facing is Facing.FRONT
    assert world.ear.of("error") == []


@pytest.mark.spec("4.switch_camera")
async def test_a_paused_camera_is_switched_for_later(world: World) -> None:
    call = await world.start(start_with_video_muted=True)
    await call.switch_camera()
    assert "switch_camera" not in world.media.names()
    await call.pause_video(False)
    assert world.media.last("open_camera")[1] is Facing.REAR


@pytest.mark.spec("4.mute_audio")
async def test_mute_returns_when_the_microphone_is_shut(world: World) -> None:
    call = await world.start()
    gate = world.media.gates["set_microphone_muted"] = asyncio.Event()
    muting = asyncio.create_task(call.mute_audio(True))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not muting.done()
    assert not call.snapshot.muted
    assert world.ear.of("user_muted") == []
    gate.set()
    await muting
    assert call.snapshot.muted
    assert len(world.ear.of("user_muted")) == 1
    assert world.exchange.last("publish_state")[1] == MediaState(audio_muted=True)


@pytest.mark.spec("4.mute_audio")
async def test_the_last_wish_counts(world: World) -> None:
    call = await world.start()
    gate = world.media.gates["set_microphone_muted"] = asyncio.Event()
    wishes = [asyncio.create_task(call.mute_audio(muted)) for muted in (True, False, True, False)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*wishes)
    assert not call.snapshot.muted


@pytest.mark.spec("4.pause_video")
async def test_pause_closes_the_camera_and_resume_opens_it(world: World) -> None:
    call = await world.start()
    await call.pause_video(True)
    assert world.media.names()[-1] == "close_camera"
    assert world.exchange.last("publish_state")[1] == MediaState(video_paused=True)
    await call.pause_video(False)
    assert world.media.names()[-1] == "open_camera"
    assert not call.snapshot.state.video_paused


@pytest.mark.spec("4.pause_video")
async def test_a_camera_that_does_not_open_leaves_it_paused(world: World) -> None:
    call = await world.start(start_with_video_muted=True)
    world.media.failures["open_camera"] = CameraUnavailable(CameraFault.BUSY, "In use.")
    with pytest.raises(CameraUnavailable):
        await call.pause_video(False)
    assert call.snapshot.state.video_paused
    assert world.ear.of("error") == []
    del world.media.failures["open_camera"]
    await call.pause_video(False)
    assert call.snapshot.camera_open


@pytest.mark.spec("4.set_audio_mode")
async def test_a_route_is_picked(world: World) -> None:
    call = await world.start()
    await call.set_audio_mode(AudioMode.EARPIECE)
    assert call.snapshot.route is AudioMode.EARPIECE
    assert world.media.last("select_route")[1] is AudioMode.EARPIECE


@pytest.mark.spec("4.set_audio_mode")
async def test_an_absent_route_is_refused(world: World) -> None:
    call = await world.start()
    before = call.snapshot
    with pytest.raises(AudioModeUnavailable):
        await call.set_audio_mode(AudioMode.BLUETOOTH)
    assert call.snapshot == before


@pytest.mark.spec("4.switch_to_video_call")
async def test_switch_to_video(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start(audio_only=True)
    await call.switch_to_video_call()
    assert "open_camera" in world.media.names()
    assert "request_video" in world.exchange.names()
    world.exchange.report(SwitchedToVideo("door", None))
    assert await world.ear.wait_for("call_switched_to_video") == ("hall", "door", None)
    assert not call.snapshot.audio_only
    assert not call.snapshot.state.video_paused


@pytest.mark.spec("4.switch_to_video_call")
async def test_a_refused_switch_to_video_closes_the_camera_again(world: World) -> None:
    call = await world.start(audio_only=True)
    world.exchange.failures["request_video"] = ExchangeError("not_permitted", "No.")
    with pytest.raises(ExchangeError):
        await call.switch_to_video_call()
    await world.settle()
    assert call.snapshot.audio_only
    assert world.media.names()[-1] == "close_camera"


@pytest.mark.spec("4.end_session")
async def test_twice_is_once(world: World) -> None:
    call = await world.start()
    await asyncio.gather(call.end_session(), call.end_session())
    await call.end_session()
    assert world.exchange.names().count("leave") == 1
    assert len(world.ear.of("session_ended")) == 1


@pytest.mark.spec("4.end_session")
@pytest.mark.parametrize("stuck", ["leave", "aclose"])
async def test_the_end_takes_at_most_a_second_whatever_hangs(world: World, stuck: str) -> None:
    call = await world.start()
    world.exchange.gates[stuck] = asyncio.Event()
    began_s = asyncio.get_running_loop().time()
    await call.end_session()
    assert asyncio.get_running_loop().time() - began_s < 1
    assert world.ear.names()[-1] == "session_ended"


@pytest.mark.spec("4.stay")
async def test_stay_starts_the_period_anew(world: World) -> None:
    call = await world.start(idle_timeout_s=100)
    world.clock.advance(90)
    await call.stay()
    assert call.idle_seconds_left == 100


async def test_pip_is_entered_and_left(world: World) -> None:
    call = await world.start()
    await call.enter_pip_mode()
    assert call.snapshot.pip
    await call.exit_pip_mode()
    assert not call.snapshot.pip


async def test_recording_is_refused_in_words(world: World) -> None:
    call = await world.start()
    for method in (call.start_recording, call.stop_recording):
        with pytest.raises(NotAvailable):
            await method()


METHODS = {
    "switch_camera": (),
    "mute_audio": (True,),
    "pause_video": (True,),
    "set_audio_mode": (AudioMode.SPEAKER,),
    "enter_pip_mode": (),
    "exit_pip_mode": (),
    "switch_to_video_call": (),
    "accept_video_call": (),
    "start_recording": (),
    "stop_recording": (),
    "stay": (),
}


async def use(call: CallSession, method: str) -> None:
    await getattr(call, method)(*METHODS[method])


@pytest.mark.spec("4.not_in_session")
@pytest.mark.parametrize("method", METHODS)
async def test_after_the_end_nothing_can_be_asked(world: World, method: str) -> None:
    call = await world.start()
    await call.end_session()
    with pytest.raises(NotInSession):
        await use(call, method)


@pytest.mark.spec("4.repeat")
@pytest.mark.parametrize(
    "method", ["mute_audio", "pause_video", "set_audio_mode", "enter_pip_mode", "exit_pip_mode"]
)
async def test_asking_again_changes_nothing(world: World, method: str) -> None:
    call = await world.start()
    await use(call, method)
    before, heard = call.snapshot, len(world.ear.heard)
    asked = len(world.media.asked), len(world.exchange.asked)
    await use(call, method)
    assert call.snapshot == before
    assert len(world.ear.heard) == heard
    assert (len(world.media.asked), len(world.exchange.asked)) == asked


@pytest.mark.parametrize(
    "refusal",
    [TokenRefused("token_expired", "Expired."), ExchangeUnreachable("No answer.")],
)
async def test_a_refused_start_releases_everything(world: World, refusal: Exception) -> None:
    world.exchange.failures["join"] = refusal
    with pytest.raises(type(refusal)):
        await world.start()
    assert world.media.is_closed
    assert world.exchange.is_closed
    assert world.ear.heard == []
    assert world.calls.active is None
    del world.exchange.failures["join"]
    assert (await world.start()).snapshot.is_live


async def test_buttons_do_what_they_say(world: World) -> None:
    call = await world.start()
    call.report_button(ButtonReported(Button.MUTE, Edge.PRESSED))
    call.report_button(ButtonReported(Button.MUTE, Edge.RELEASED))
    call.report_button(ButtonReported(Button.CAMERA_SWITCH, Edge.PRESSED))
    await world.settle()
    assert call.snapshot.muted
    assert call.snapshot.facing is Facing.REAR


async def test_a_button_that_cannot_do_its_work_says_so(world: World) -> None:
    world.media.facings = (Facing.FRONT,)
    call = await world.start()
    call.report_button(ButtonReported(Button.CAMERA_SWITCH, Edge.PRESSED))
    assert (await world.ear.wait_for("error"))[0] == "camera_unavailable"


class SlowCameras(FakeMedia):
    """Looks for its cameras as libcamera does: not at once."""

    def __init__(self) -> None:
        self.may_be_found = threading.Event()
        super().__init__()

    @property
    def facings(self) -> tuple[Facing, ...]:
        assert self.may_be_found.wait(10), "the event loop waits for the cameras"
        return (Facing.FRONT,)

    @facings.setter
    def facings(self, facings: tuple[Facing, ...]) -> None: ...


@pytest.mark.spec("2.second_start")
async def test_the_event_loop_does_not_wait_for_the_first_look_at_the_cameras(
    world: World,
) -> None:
    cameras = world.media = SlowCameras()
    starting = asyncio.create_task(world.start())
    await world.settle()
    with pytest.raises(CallInProgress):
        await world.start()
    cameras.may_be_found.set()
    assert (await starting).snapshot.facings == (Facing.FRONT,)


async def test_a_start_that_is_cancelled_while_it_looks_for_cameras_leaves_nothing(
    world: World,
) -> None:
    cameras = world.media = SlowCameras()
    starting = asyncio.create_task(world.start())
    await world.settle()
    starting.cancel()
    await world.settle()
    cameras.may_be_found.set()
    await asyncio.gather(starting, return_exceptions=True)
    assert starting.cancelled()
    assert cameras.is_closed
    world.media = FakeMedia()
    assert (await world.start()).snapshot.is_live


async def test_a_slow_camera_holds_up_neither_links_nor_exchange(world: World) -> None:
    world.media.gates["open_camera"] = asyncio.Event()
    world.exchange.others = (entry(ANA),)
    await world.calls.start_session(TOKEN, CallSettings(listener=world.ear))
    async with asyncio.timeout(5):
        while "connect_peer" not in world.media.names():  # noqa: ASYNC110
            await asyncio.sleep(0)
    world.media.gates["open_camera"].set()


async def test_a_defect_in_a_port_ends_the_call_and_not_the_program(world: World) -> None:
    call = await world.start()
    world.media.failures["set_microphone_muted"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await call.mute_audio(True)
    await call.wait_ended()
    assert world.ear.of("error")[-1][0] == "internal_error"
    del world.media.failures["set_microphone_muted"]
    assert (await world.start()).snapshot.is_live


async def test_the_call_button_accepts_video(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start(audio_only=True)
    world.exchange.report(VideoRequested("ana"))
    call.report_button(ButtonReported(Button.CALL, Edge.PRESSED))
    await world.settle()
    assert "accept_video" in world.exchange.names()
    assert call.snapshot.camera_open


async def test_the_call_button_answers_the_idle_warning(world: World) -> None:
    call = await world.start(idle_timeout_s=100)
    world.clock.advance(90)
    await world.settle()
    call.report_button(ButtonReported(Button.CALL, Edge.PRESSED))
    await world.settle()
    assert call.idle_seconds_left == 100
    assert world.ear.of("error") == []
