"""Section 2: what can be chosen, and what is refused before anything is opened."""

import dataclasses

import pytest

from device.errors import CallInProgress, InvalidSettings
from device.session.listener import CallListener
from device.session.settings import (
    AspectRatio,
    AvatarMode,
    CallSettings,
    Corner,
    CornerItem,
    MainVideoContainer,
    Mode,
)
from device.session.values import MediaState, Participant
from hal import AudioMode, Facing
from tests.session.fakes import ANA, TOKEN, World, entry

DEFAULTS = {
    "default_layout": True,
    "audio_only": False,
    "listener": None,
    "avatar_mode": AvatarMode.CIRCLE,
    "start_with_audio_muted": False,
    "start_with_video_muted": False,
    "show_end_call_button": True,
    "show_switch_camera_button": True,
    "show_mute_audio_button": True,
    "show_pause_video_button": True,
    "show_audio_mode_button": True,
    "show_switch_to_video_call_button": True,
    "show_recording_button": False,
    "start_recording_on_call_start": False,
    "enable_video_tile_click": True,
    "enable_video_tile_drag": True,
    "idle_timeout_s": 180,
    "end_button_ends_call": True,
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_a_setting_has_its_default(name: str, value: object) -> None:
    assert getattr(CallSettings(), name) == value


def test_the_main_video_container_has_its_defaults() -> None:
    container = CallSettings().main_video_container
    assert container.aspect_ratio is AspectRatio.CONTAIN
    assert container.name_label == CornerItem(True, Corner.BOTTOM_LEFT)
    others = (
        container.full_screen_button,
        container.zoom_button,
        container.participant_list_button,
        container.network_label,
    )
    assert set(others) == {CornerItem(True, Corner.BOTTOM_RIGHT)}


@pytest.mark.spec("2.frozen")
def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CallSettings().audio_only = True  # type: ignore[misc]


@pytest.mark.spec("2.invalid")
@pytest.mark.parametrize("field", [name for name in DEFAULTS if name != "listener"])
def test_a_wrong_type_names_its_field(field: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        CallSettings(**{field: "yes"})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.spec("2.invalid")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("idle_timeout_s", -1),
        ("idle_timeout_s", float("nan")),
        ("idle_timeout_s", float("inf")),
        ("idle_timeout_s", True),
        ("audio_only", 1),
        ("mode", "spotlight"),
        ("default_audio_mode", "speaker"),
        ("main_video_container", {}),
        ("start_recording_on_call_start", True),
    ],
)
def test_a_value_out_of_range_names_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidSettings) as caught:
        CallSettings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.spec("2.invalid")
def test_a_corner_item_is_checked_as_well() -> None:
    with pytest.raises(InvalidSettings):
        MainVideoContainer(zoom_button=CornerItem(visible=1))  # type: ignore[arg-type]


@pytest.mark.spec("2.single_mode")
def test_single_mode_is_mode_single() -> None:
    assert CallSettings().layout is Mode.SPOTLIGHT
    assert CallSettings(single_mode=True).layout is Mode.SINGLE
    assert CallSettings(mode=Mode.SINGLE, single_mode=True).layout is Mode.SINGLE
    with pytest.raises(InvalidSettings) as caught:
        CallSettings(mode=Mode.DEFAULT, single_mode=True)
    assert caught.value.field == "single_mode"


@pytest.mark.spec("2.audio_only")
async def test_an_audio_call_opens_no_camera(world: World) -> None:
    call = await world.start(audio_only=True)
    assert "open_camera" not in world.media.names()
    assert world.exchange.last("join")[2:] == (MediaState(False, True), True)
    assert call.snapshot.audio_only


@pytest.mark.spec("2.audio_only")
async def test_in_somebody_elses_audio_call_no_camera_opens_either(world: World) -> None:
    world.exchange.audio_only = True
    call = await world.start()
    assert call.snapshot.audio_only
    assert "open_camera" not in world.media.names()


@pytest.mark.spec("2.start_with_audio_muted")
async def test_starting_muted_opens_the_microphone_muted(world: World) -> None:
    call = await world.start(start_with_audio_muted=True)
    assert world.media.last("open") == ("open", AudioMode.SPEAKER, True)
    assert world.exchange.last("join")[2] == MediaState(audio_muted=True)
    assert call.snapshot.muted
    await call.mute_audio(False)
    assert world.media.last("set_microphone_muted")[1] is False


@pytest.mark.spec("2.start_with_video_muted")
async def test_starting_with_video_muted_keeps_the_camera_closed(world: World) -> None:
    call = await world.start(start_with_video_muted=True)
    assert "open_camera" not in world.media.names()
    assert call.snapshot.state.video_paused
    await call.pause_video(False)
    assert world.media.last("open_camera") == ("open_camera", Facing.FRONT)


@pytest.mark.spec("2.listener")
async def test_the_listener_of_the_settings_hears_the_first_event(world: World) -> None:
    world.exchange.others = (entry(ANA),)
    await world.start()
    assert world.ear.heard[0] == ("user_joined", (ANA,))


@pytest.mark.spec("2.second_start")
async def test_a_second_start_changes_nothing(world: World) -> None:
    call = await world.start()
    before = call.snapshot
    with pytest.raises(CallInProgress):
        await world.calls.start_session(TOKEN, CallSettings())
    assert call.snapshot == before
    assert world.exchange.names().count("join") == 1
    await call.end_session()
    again = await world.calls.start_session(TOKEN, CallSettings())
    assert again.snapshot.is_live


@pytest.mark.spec("2.idle_timeout_s")
async def test_no_idle_timeout_means_no_timer(world: World) -> None:
    call = await world.start(idle_timeout_s=0)
    world.clock.advance(100_000)
    await world.settle()
    assert call.snapshot.is_live
    assert call.idle_seconds_left is None


@pytest.mark.spec("2.default_audio_mode")
async def test_the_chosen_route_is_used_and_an_absent_one_reported(world: World) -> None:
    call = await world.start(default_audio_mode=AudioMode.EARPIECE)
    assert call.snapshot.route is AudioMode.EARPIECE
    await call.end_session()
    call = await world.start(default_audio_mode=AudioMode.BLUETOOTH)
    assert call.snapshot.route is AudioMode.SPEAKER
    assert world.ear.of("error")[-1][0] == "audio_mode_unavailable"


async def test_a_listener_may_be_of_any_kind() -> None:
    class Half:
        def on_user_joined(self, participant: Participant) -> None: ...

    CallSettings(listener=CallListener())
    CallSettings(listener=Half())  # type: ignore[arg-type]


@pytest.mark.spec("2.invalid", "2.listener")
@pytest.mark.parametrize("listener", ["loud", object(), CallListener])
def test_what_cannot_listen_is_refused(listener: object) -> None:
    with pytest.raises(InvalidSettings) as caught:
        CallSettings(listener=listener)  # type: ignore[arg-type]
    assert caught.value.field == "listener"
