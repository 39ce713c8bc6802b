"""Commands that meet: repeated, contradicted or failing while an earlier one is under way."""

import asyncio

import pytest

from device.errors import ExchangeError, MediaError, NotInSession
from device.session.facts import (
    AudioFailed,
    ButtonReported,
    CameraLost,
    DevicesChanged,
    PeerJoined,
    PeerLinkLost,
    PeerLinkUp,
    SignalReady,
    VideoRequested,
)
from device.session.settings import CallSettings
from device.session.values import EndReason, LinkTarget, MediaState, Signal, SignalKind
from hal import (
    AudioFault,
    AudioMode,
    AudioUnavailable,
    Button,
    CameraFault,
    CameraUnavailable,
    Edge,
    Facing,
)
from tests.session.fakes import (
    ANA,
    EARPIECE,
    HEADPHONES,
    ME,
    SPEAKER,
    TOKEN,
    World,
    entry,
    settle,
)

BROKEN = AudioUnavailable(AudioFault.FAILED, "The sound card failed.")
BUSY = CameraUnavailable(CameraFault.BUSY, "In use.")


@pytest.mark.spec("4.mute_audio", "4.repeat")
async def test_who_repeats_a_mute_shares_its_failure(world: World) -> None:
    call = await world.start()
    gate = world.media.gates["set_microphone_muted"] = asyncio.Event()
    world.media.failures["set_microphone_muted"] = BROKEN
    wishes = [asyncio.create_task(call.mute_audio(True)) for _ in range(2)]
    await settle()
    assert world.media.names().count("set_microphone_muted") == 2  # the start's, and one mute
    gate.set()
    for wish in wishes:
        with pytest.raises(AudioUnavailable):
            await wish
    assert not call.snapshot.muted
    assert world.ear.of("error") == []


@pytest.mark.spec("4.mute_audio")
async def test_a_mute_does_not_return_while_an_unmute_is_under_way(world: World) -> None:
    call = await world.start(start_with_audio_muted=True)
    gate = world.media.gates["set_microphone_muted"] = asyncio.Event()
    wishes = [asyncio.create_task(call.mute_audio(muted)) for muted in (False, True, True)]
    await settle()
    assert not any(wish.done() for wish in wishes)
    gate.set()
    await asyncio.gather(*wishes)
    assert call.snapshot.muted
    assert world.media.last("set_microphone_muted")[1] is True


@pytest.mark.spec("4.mute_audio")
async def test_an_early_failure_does_not_undo_a_later_wish(world: World) -> None:
    call = await world.start(start_with_audio_muted=True)
    gate = world.media.gates["set_microphone_muted"] = asyncio.Event()
    world.media.failures_once["set_microphone_muted"] = BROKEN
    wishes = [asyncio.create_task(call.mute_audio(muted)) for muted in (False, True, False)]
    await settle()
    gate.set()
    first, *others = await asyncio.gather(*wishes, return_exceptions=True)
    assert isinstance(first, AudioUnavailable)
    assert others == [None, None]
    assert not call.snapshot.muted
    await call.mute_audio(True)
    assert world.media.last("set_microphone_muted")[1] is True
    assert call.snapshot.muted


@pytest.mark.spec("4.mute_audio")
async def test_a_mute_does_not_wait_for_a_camera(world: World) -> None:
    world.media.gates["open_camera"] = asyncio.Event()
    call = await world.start()
    await asyncio.wait_for(call.mute_audio(True), 5)
    assert call.snapshot.muted
    assert not call.snapshot.camera_open


@pytest.mark.spec("2.start_with_audio_muted", "4.mute_audio")
async def test_a_mute_while_the_sound_opens_is_never_undone_by_the_opening(world: World) -> None:
    gate = world.media.gates["open"] = asyncio.Event()
    call = await world.start()
    await call.mute_audio(True)
    gate.set()
    await settle()
    assert world.media.last("open") == ("open", AudioMode.SPEAKER, True)
    assert ("set_microphone_muted", False) not in world.media.asked
    assert call.snapshot.muted


async def test_asking_the_screen_does_not_wait_for_a_camera(world: World) -> None:
    world.media.gates["open_camera"] = asyncio.Event()
    call = await world.start()
    await asyncio.wait_for(call.enter_pip_mode(), 5)
    await asyncio.wait_for(call.stay(), 5)


@pytest.mark.spec("4.pause_video")
async def test_a_camera_that_is_paused_while_it_opens_ends_closed(world: World) -> None:
    call = await world.start(start_with_video_muted=True)
    gate = world.media.gates["open_camera"] = asyncio.Event()
    wishes = [asyncio.create_task(call.pause_video(paused)) for paused in (False, True, True)]
    await settle()
    assert not any(wish.done() for wish in wishes)
    gate.set()
    await asyncio.gather(*wishes)
    assert not call.snapshot.camera_open
    assert world.media.names()[-1] == "close_camera"
    assert call.snapshot.state.video_paused


@pytest.mark.spec("4.set_audio_mode")
async def test_a_route_that_fails_leaves_what_was_picked_before(world: World) -> None:
    call = await world.start()
    await call.set_audio_mode(AudioMode.EARPIECE)
    world.media.failures_once["select_route"] = BROKEN
    with pytest.raises(AudioUnavailable):
        await call.set_audio_mode(AudioMode.SPEAKER)
    assert call.snapshot.route is AudioMode.EARPIECE
    world.media.report(DevicesChanged((EARPIECE, SPEAKER, HEADPHONES)))
    await settle()
    assert call.snapshot.route is AudioMode.EARPIECE


@pytest.mark.spec("3.on_error", "3.on_user_muted")
async def test_sound_that_does_not_open_leaves_the_call_on_and_silent(world: World) -> None:
    world.media.failures["open"] = BROKEN
    call = await world.start()
    assert world.ear.of("error") == [("audio_unavailable", "The sound card failed.", "OpenSound")]
    assert world.ear.of("user_muted") == [(ME, True, "door")]
    assert world.exchange.last("publish_state")[1] == MediaState(audio_muted=True)
    assert call.snapshot.route is None
    with pytest.raises(AudioUnavailable):
        await call.mute_audio(False)
    assert call.snapshot.muted
    del world.media.failures["open"]
    await call.mute_audio(False)
    assert world.media.names()[-2:] == ["open", "set_microphone_muted"]
    assert not call.snapshot.muted
    assert call.snapshot.route is AudioMode.SPEAKER


@pytest.mark.spec("2.default_audio_mode", "3.on_error")
async def test_sound_opens_with_the_first_device_that_comes(world: World) -> None:
    world.media.devices = ()
    call = await world.start()
    assert world.ear.of("error")[0][0] == "audio_unavailable"
    assert call.snapshot.muted
    world.media.report(DevicesChanged((HEADPHONES,)))
    await settle()
    assert world.media.last("open") == ("open", AudioMode.HEADPHONES, True)
    assert call.snapshot.route is AudioMode.HEADPHONES
    assert not call.snapshot.muted


async def test_a_route_asked_for_while_the_sound_failed_to_open_opens_it(world: World) -> None:
    gate = world.media.gates["open"] = asyncio.Event()
    world.media.failures_once["open"] = BROKEN
    call = await world.start()
    picking = asyncio.create_task(call.set_audio_mode(AudioMode.EARPIECE))
    await settle()
    gate.set()
    await picking
    await settle()
    assert world.media.last("open")[1] is AudioMode.EARPIECE
    assert call.snapshot.route is AudioMode.EARPIECE


@pytest.mark.spec("3.on_audio_mode_changed")
async def test_a_route_that_failed_can_be_selected_anew(world: World) -> None:
    call = await world.start()
    world.media.report(AudioFailed("The loudspeaker stopped working."))
    await world.ear.wait_for("error")
    assert call.snapshot.route is None
    await call.set_audio_mode(AudioMode.SPEAKER)
    assert world.media.last("select_route")[1] is AudioMode.SPEAKER
    assert call.snapshot.route is AudioMode.SPEAKER


async def test_the_mute_button_opens_sound_that_had_failed(world: World) -> None:
    world.media.failures_once["open"] = BROKEN
    call = await world.start()
    call.report_button(ButtonReported(Button.MUTE, Edge.PRESSED))
    await settle()
    assert not call.snapshot.muted
    assert call.snapshot.route is AudioMode.SPEAKER


@pytest.mark.spec("4.switch_to_video_call")
async def test_nobody_is_told_of_a_video_call_whose_camera_did_not_open(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start(audio_only=True)
    world.media.failures["open_camera"] = BUSY
    with pytest.raises(CameraUnavailable):
        await call.switch_to_video_call()
    assert "request_video" not in world.exchange.names()
    world.exchange.report(VideoRequested("ana"))
    await settle()
    with pytest.raises(CameraUnavailable):
        await call.accept_video_call()
    assert "accept_video" not in world.exchange.names()
    assert call.snapshot.video_requested_by == "ana"
    del world.media.failures["open_camera"]
    await call.accept_video_call()
    assert world.exchange.names().count("accept_video") == 1


@pytest.mark.spec("4.switch_to_video_call", "4.repeat")
async def test_a_switch_to_video_that_is_repeated_is_asked_once(world: World) -> None:
    call = await world.start(audio_only=True)
    gate = world.exchange.gates["request_video"] = asyncio.Event()
    wishes = [asyncio.create_task(call.switch_to_video_call()) for _ in range(2)]
    await settle()
    wishes.append(asyncio.create_task(call.switch_to_video_call()))
    await settle()
    assert not any(wish.done() for wish in wishes)
    gate.set()
    await asyncio.gather(*wishes)
    await call.switch_to_video_call()
    assert world.exchange.names().count("request_video") == 1
    assert world.media.names().count("open_camera") == 1
    assert not call.snapshot.audio_only


@pytest.mark.spec("4.switch_to_video_call")
async def test_settings_accept_video_by_themselves(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start(audio_only=True, accept_video_by_itself=True)
    world.exchange.failures_once["accept_video"] = ExchangeError("no_video_request", "Gone.")
    world.exchange.report(VideoRequested("ana"))
    assert (await world.ear.wait_for("error"))[0] == "no_video_request"
    await settle()
    assert not call.snapshot.camera_open
    world.exchange.report(VideoRequested("ana"))
    await settle()
    assert call.snapshot.camera_open
    assert not call.snapshot.audio_only


@pytest.mark.spec("3.on_error")
async def test_a_camera_that_dies_while_it_is_opened_is_not_shown_as_on(world: World) -> None:
    call = await world.start(start_with_video_muted=True)
    gate = world.media.gates["open_camera"] = asyncio.Event()
    opening = asyncio.create_task(call.pause_video(False))
    await settle()
    world.media.report(CameraLost(CameraUnavailable(CameraFault.SILENT, "Silent.")))
    gate.set()
    await opening
    await settle()
    assert call.snapshot.state.video_paused
    assert not call.snapshot.camera_open
    assert len(world.ear.of("error")) == 1
    await call.pause_video(False)
    assert call.snapshot.camera_open


@pytest.mark.spec("3.on_error")
async def test_a_failure_whose_asker_has_gone_is_an_event(world: World) -> None:
    call = await world.start()
    gate = world.media.gates["select_route"] = asyncio.Event()
    world.media.failures["select_route"] = BROKEN
    picking = asyncio.create_task(call.set_audio_mode(AudioMode.EARPIECE))
    await settle()
    picking.cancel()
    await asyncio.gather(picking, return_exceptions=True)
    gate.set()
    assert (await world.ear.wait_for("error"))[0] == "audio_unavailable"


async def test_a_signal_to_somebody_who_has_just_left_is_no_error(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    await world.start()
    gone = ExchangeError("peer_not_in_session", "Not here.")
    world.exchange.failures["send_signal"] = gone
    world.media.report(SignalReady(Signal("ana", "l", SignalKind.CANDIDATE, "")))
    await settle()
    assert world.ear.of("error") == []


@pytest.mark.spec("3.on_error")
async def test_a_link_that_cannot_be_made_is_told(world: World) -> None:
    world.media.failures["connect_peer"] = MediaError("No.")
    world.exchange.others = (entry(ANA),)
    await world.start()
    assert world.ear.of("error") == [("media_error", "No.", "ConnectPeer")]


@pytest.mark.spec("3.on_connection_restored", "3.on_user_muted")
async def test_who_comes_anew_keeps_the_loss_and_shows_what_changed(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    world.media.report(PeerLinkUp("ana"))
    world.media.report(PeerLinkLost("ana"))
    await world.ear.wait_for("connection_lost")
    world.exchange.report(PeerJoined(ANA, MediaState(audio_muted=True), we_offer=False))
    assert await world.ear.wait_for("user_muted") == (ANA, True, "ana")
    world.clock.advance(2)
    world.media.report(PeerLinkUp("ana"))
    assert await world.ear.wait_for("connection_restored") == (LinkTarget.PEER, ANA, 2.0)
    assert len(world.ear.of("user_joined")) == 1
    assert call.snapshot.peers[0].we_offer is False


@pytest.mark.spec("4.end_session")
async def test_a_camera_that_is_opening_at_the_end_is_closed_after_it(world: World) -> None:
    gate = world.media.gates["open_camera"] = asyncio.Event()
    call = await world.start()
    ending = asyncio.create_task(call.end_session())
    await settle()
    assert "aclose" not in world.media.finished
    gate.set()
    await ending
    assert world.media.finished[-2:] == ["open_camera", "aclose"]


@pytest.mark.spec("4.end_session")
async def test_an_end_while_joining_leaves_what_may_have_been_joined(world: World) -> None:
    world.exchange.gates["join"] = asyncio.Event()
    starting = asyncio.create_task(world.start())
    await world.exchange.reached("join")
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await settle()
    assert "leave" in world.exchange.names()
    assert world.calls.active is None


@pytest.mark.spec("4.end_session", "4.not_in_session")
async def test_who_waits_when_the_call_ends_is_told(world: World) -> None:
    call = await world.start()
    world.media.gates["select_route"] = asyncio.Event()
    picking = asyncio.create_task(call.set_audio_mode(AudioMode.EARPIECE))
    await settle()
    ending = asyncio.create_task(call.end_session())
    await settle()
    world.media.gates["select_route"].set()
    await ending
    with pytest.raises(NotInSession):
        await picking


@pytest.mark.spec("3.on_session_ended")
async def test_an_application_that_goes_down_ends_its_call(world: World) -> None:
    """Cancelled from outside: the session is left, and told so, all the same."""
    other = World()
    started = asyncio.Event()

    async def live() -> None:
        async with other.calls:
            await other.calls.start_session(TOKEN, CallSettings(listener=other.ear))
            started.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(live())
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert other.media.is_closed
    assert other.exchange.is_closed
    assert other.ear.heard[-1] == ("session_ended", (EndReason.LOCAL_END,))


async def test_a_unit_with_a_rear_camera_only_says_so_before_it_opens(world: World) -> None:
    world.media.facings = (Facing.REAR,)
    call = await world.start(start_with_video_muted=True)
    assert call.snapshot.facing is Facing.REAR


@pytest.mark.spec("4.switch_camera")
async def test_a_camera_that_is_switched_while_it_opens_moves_once_it_is_open(world: World) -> None:
    gate = world.media.gates["open_camera"] = asyncio.Event()
    call = await world.start()
    switching = asyncio.create_task(call.switch_camera())
    await settle()
    assert not switching.done()
    gate.set()
    await switching
    assert call.snapshot.facing is Facing.REAR
    assert world.media.names()[-1] == "switch_camera"
