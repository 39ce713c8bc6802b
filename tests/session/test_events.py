"""Section 3: who hears what, and in which order."""

import asyncio
import logging

import pytest

from device.errors import CallError
from device.session.events import Event, SessionTimeout, SessionTimeoutWarning
from device.session.facts import (
    AudioFailed,
    ButtonReported,
    CameraLost,
    DevicesChanged,
    ExchangeLost,
    ExchangeRestored,
    PeerJoined,
    PeerLeft,
    PeerLinkLost,
    PeerLinkUp,
    PeerStateChanged,
    RecordingChanged,
    RemovedFromSession,
    SignalReady,
    SignalReceived,
    SwitchedToVideo,
    VideoRequested,
)
from device.session.listeners import Listeners
from device.session.table import Phase
from device.session.values import EndReason, LinkTarget, MediaState, Signal, SignalKind
from hal import AudioMode, Button, CameraFault, CameraUnavailable, Edge
from tests.session.fakes import (
    ANA,
    BEN,
    EARPIECE,
    HEADPHONES,
    ME,
    SPEAKER,
    Ear,
    World,
    entry,
)

CAME = PeerJoined(ANA, MediaState(), we_offer=False)


@pytest.mark.spec("3.on_user_joined", "3.on_user_list_changed")
async def test_somebody_comes(world: World) -> None:
    await world.start()
    world.exchange.report(CAME)
    assert await world.ear.wait_for("user_joined") == (ANA,)
    assert await world.ear.wait_for("user_list_changed") == ((ME, ANA),)
    await world.settle()
    assert ("connect_peer", "ana", False) in world.media.asked


@pytest.mark.spec("3.on_user_left", "3.on_user_list_changed", "3.on_call_ended")
async def test_the_only_other_goes(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    world.exchange.report(PeerLeft("ana", EndReason.REMOTE_END))
    assert await world.ear.wait_for("user_left") == (ANA, EndReason.REMOTE_END)
    assert await world.ear.wait_for("user_list_changed", 2) == ((ME,),)
    assert await world.ear.wait_for("call_ended") == (EndReason.REMOTE_END,)
    await world.settle()
    assert ("disconnect_peer", "ana") in world.media.asked
    assert call.snapshot.is_live


@pytest.mark.spec("3.on_call_ended")
async def test_a_larger_session_has_no_call_end(world: World) -> None:
    world.exchange.others = (entry(ANA), entry(BEN))
    call = await world.start()
    world.exchange.report(PeerLeft("ben", EndReason.REMOTE_END))
    await world.ear.wait_for("user_left")
    await call.end_session()
    assert world.ear.of("call_ended") == []


@pytest.mark.spec("3.on_call_ended", "3.on_session_ended")
async def test_this_unit_ends_a_call_of_two(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    await call.end_session()
    assert world.ear.heard[-2:] == [
        ("call_ended", (EndReason.LOCAL_END,)),
        ("session_ended", (EndReason.LOCAL_END,)),
    ]
    assert world.media.is_closed
    assert world.exchange.is_closed


@pytest.mark.spec("3.on_session_ended")
async def test_being_removed_ends_the_session(world: World) -> None:
    call = await world.start()
    world.exchange.report(RemovedFromSession(EndReason.REPLACED))
    await call.wait_ended()
    assert world.ear.of("session_ended") == [(EndReason.REPLACED,)]
    assert world.ear.heard[-1][0] == "session_ended"


@pytest.mark.spec("3.on_call_end_button_pressed")
async def test_the_end_button_is_told_first_and_then_ends(world: World) -> None:
    call = await world.start()
    call.report_button(ButtonReported(Button.END_CALL, Edge.PRESSED))
    await call.wait_ended()
    assert world.ear.names()[-2:] == ["call_end_button_pressed", "session_ended"]
    assert world.ear.of("call_end_button_pressed") == [("gpio",)]


@pytest.mark.spec("3.on_call_end_button_pressed")
async def test_the_end_button_works_before_the_exchange_has_answered(world: World) -> None:
    world.exchange.gates["join"] = asyncio.Event()
    starting = asyncio.create_task(world.start())
    await world.exchange.reached("join")
    call = world.calls.active
    assert call is not None
    call.report_button(ButtonReported(Button.END_CALL, Edge.PRESSED))
    await call.wait_ended()
    with pytest.raises(CallError):
        await starting
    assert world.media.is_closed
    assert world.exchange.is_closed
    assert world.ear.names() == []


@pytest.mark.spec("3.on_call_end_button_pressed")
async def test_the_application_may_end_the_call_itself(world: World) -> None:
    call = await world.start(end_button_ends_call=False)
    call.report_button(ButtonReported(Button.END_CALL, Edge.PRESSED))
    await world.ear.wait_for("call_end_button_pressed")
    await world.settle()
    assert call.snapshot.is_live


@pytest.mark.spec("3.on_audio_mode_changed")
async def test_a_headset_comes_and_goes(world: World) -> None:
    call = await world.start()
    world.media.report(DevicesChanged((EARPIECE, SPEAKER, HEADPHONES)))
    await world.ear.wait_for("audio_mode_changed", 3)
    (routes,) = world.ear.of("audio_mode_changed")[-1]
    assert [route.mode for route in routes if route.is_selected] == [AudioMode.HEADPHONES]  # type: ignore[attr-defined]
    world.media.report(DevicesChanged((EARPIECE, SPEAKER)))
    await world.ear.wait_for("audio_mode_changed", 5)
    assert call.snapshot.route is AudioMode.SPEAKER


@pytest.mark.spec("3.on_call_switched_to_video")
async def test_another_switches_to_video(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start(audio_only=True)
    world.exchange.report(SwitchedToVideo("ana", None))
    world.exchange.report(VideoRequested("ana"))
    assert await world.ear.wait_for("call_switched_to_video") == ("hall", "ana", None)
    await world.settle()
    assert "open_camera" not in world.media.names()
    assert call.snapshot.video_requested_by == "ana"
    await call.accept_video_call()
    assert "open_camera" in world.media.names()
    assert "accept_video" in world.exchange.names()


@pytest.mark.spec("3.on_user_muted")
async def test_others_and_oneself_are_muted(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    world.exchange.report(PeerStateChanged("ana", MediaState(audio_muted=True), "ana"))
    assert await world.ear.wait_for("user_muted") == (ANA, True, "ana")
    await call.mute_audio(True)
    assert await world.ear.wait_for("user_muted", 2) == (ME, True, "door")


@pytest.mark.spec("3.on_user_muted", "3.on_user_muted_by_a_moderator")
async def test_a_moderator_mutes_this_unit_and_its_person_unmutes_it(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    world.exchange.report(PeerStateChanged("door", MediaState(audio_muted=True), "ana"))
    assert await world.ear.wait_for("user_muted") == (ME, True, "ana")
    assert ("set_microphone_muted", True) in world.media.asked
    await call.mute_audio(False)
    assert await world.ear.wait_for("user_muted", 2) == (ME, False, "door")


@pytest.mark.spec("3.on_video_paused")
async def test_others_and_oneself_pause(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    call = await world.start()
    world.exchange.report(PeerStateChanged("ana", MediaState(video_paused=True), "ana"))
    assert await world.ear.wait_for("video_paused") == (ANA, True)
    await call.pause_video(True)
    assert await world.ear.wait_for("video_paused", 2) == (ME, True)


@pytest.mark.spec("3.on_recording_toggled")
async def test_recording_runs_somewhere(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    await world.start()
    world.exchange.report(RecordingChanged(True, "ana", "r1"))
    assert await world.ear.wait_for("recording_toggled") == (True, "ana", "r1")
    world.exchange.report(RecordingChanged(False, "ana", "r1"))
    assert await world.ear.wait_for("recording_toggled", 2) == (False, "ana", "r1")


@pytest.mark.spec("3.on_connection_lost", "3.on_connection_restored")
async def test_a_link_breaks_and_is_made_anew(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    await world.start()
    world.media.report(PeerLinkUp("ana"))
    world.media.report(PeerLinkLost("ana"))
    assert await world.ear.wait_for("connection_lost") == (LinkTarget.PEER, ANA)
    await world.settle()
    assert world.media.names().count("connect_peer") == 2
    world.clock.advance(3)
    world.media.report(PeerLinkUp("ana"))
    assert await world.ear.wait_for("connection_restored") == (LinkTarget.PEER, ANA, 3.0)


@pytest.mark.spec("3.on_connection_lost", "3.on_connection_restored")
async def test_the_exchange_is_away_for_a_while(world: World) -> None:
    call = await world.start()
    world.exchange.report(ExchangeLost())
    assert await world.ear.wait_for("connection_lost") == (LinkTarget.EXCHANGE, None)
    assert call.snapshot.phase is Phase.RECONNECTING
    await call.mute_audio(True)
    world.exchange.report(ExchangeRestored(4.5))
    assert await world.ear.wait_for("connection_restored") == (LinkTarget.EXCHANGE, None, 4.5)
    await world.settle()
    assert world.exchange.last("publish_state")[1] == MediaState(audio_muted=True)


@pytest.mark.spec("3.on_error")
async def test_a_lost_camera_is_told_once(world: World) -> None:
    await world.start()
    lost = CameraLost(CameraUnavailable(CameraFault.DISCONNECTED, "The camera was unplugged."))
    world.media.report(lost)
    world.media.report(lost)
    await world.ear.wait_for("error")
    await world.settle()
    assert world.ear.of("error") == [
        ("camera_unavailable", "The camera was unplugged.", "disconnected")
    ]
    assert world.ear.of("video_paused") == [(ME, True)]


@pytest.mark.spec("3.on_error")
async def test_devices_that_fail_at_the_start_do_not_end_the_call(world: World) -> None:
    world.media.failures["open_camera"] = CameraUnavailable(CameraFault.BUSY, "In use.")
    call = await world.start()
    assert world.ear.of("error") == [("camera_unavailable", "In use.", "OpenCamera")]
    assert call.snapshot.state.video_paused
    world.media.report(AudioFailed("The loudspeaker stopped working."))
    assert (await world.ear.wait_for("error", 2))[0] == "audio_unavailable"


@pytest.mark.spec("3.listeners")
async def test_listeners_have_ids(world: World) -> None:
    call = await world.start()
    first, second, other = Ear(), Ear(), Ear()
    call.add_call_listener("a", first)
    call.add_call_listener("a", second)
    call.add_call_listener("b", other)
    await call.mute_audio(True)
    assert (first.names(), second.names(), other.names()) == ([], ["user_muted"], ["user_muted"])
    call.remove_call_listener("a")
    call.remove_call_listener("nobody")
    await call.mute_audio(False)
    assert second.names() == ["user_muted"]
    assert len(other.names()) == 2


@pytest.mark.spec("3.listeners")
async def test_a_listener_that_raises_hurts_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy:
        def on_user_muted(self, *_: object) -> None:
            raise RuntimeError("dropped it")

    call = await world.start()
    call.add_call_listener("clumsy", Clumsy())
    after = Ear()
    call.add_call_listener("after", after)
    with caplog.at_level(logging.ERROR):
        await call.mute_audio(True)
    assert after.names() == ["user_muted"]
    assert "clumsy" in caplog.text


def test_who_hears_every_event_hears_it_first_and_hurts_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ear = Ear()
    heard: list[tuple[Event, list[str]]] = []

    def watch(event: Event) -> None:
        heard.append((event, ear.names()))
        raise RuntimeError("dropped it")

    listeners = Listeners(watch)
    listeners.add("ear", ear)
    with caplog.at_level(logging.ERROR):
        listeners.deliver(SessionTimeout())
        listeners.deliver(SessionTimeoutWarning(5.0))
    assert [event for event, _ in heard] == [SessionTimeout(), SessionTimeoutWarning(5.0)]
    assert [names for _, names in heard] == [[], ["session_timeout"]]
    assert ear.names() == ["session_timeout", "session_timeout_warning"]


@pytest.mark.spec("3.order")
async def test_events_come_in_the_order_of_what_happened(world: World) -> None:
    call = await world.start()
    world.exchange.report(CAME)
    world.exchange.report(PeerStateChanged("ana", MediaState(audio_muted=True), "ana"))
    world.exchange.report(PeerLeft("ana", EndReason.CONNECTION_LOST))
    await world.settle()
    await call.end_session()
    assert world.ear.names() == [
        "audio_mode_changed",
        "user_joined",
        "user_list_changed",
        "user_muted",
        "user_left",
        "user_list_changed",
        "call_ended",
        "session_ended",
    ]


async def test_signals_pass_between_the_links_and_the_exchange(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    await world.start()
    signal = Signal("ana", "l", SignalKind.CANDIDATE, "")
    world.exchange.report(SignalReceived(signal))
    world.media.report(SignalReady(signal))
    stranger = Signal("ben", "l", SignalKind.CANDIDATE, "")
    world.exchange.report(SignalReceived(stranger))
    await world.settle()
    assert world.media.asked.count(("deliver_signal", signal)) == 1
    assert world.exchange.asked.count(("send_signal", signal)) == 1
    assert ("deliver_signal", stranger) not in world.media.asked
