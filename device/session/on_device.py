"""What cameras, sound, buttons and effects report. Pure."""

from dataclasses import replace

from device.errors import CallError
from device.session import commands, effects, facts, lost_camera, outcomes
from device.session.draft import Draft
from device.session.events import AudioModeChanged, CallEndButtonPressed
from device.session.idle import stay
from device.session.on_command import (
    accept_video_call,
    switch_camera,
    toggle_mute,
    want_route,
)
from device.session.on_peer import now_in_video
from device.session.routes import default_route
from device.session.snapshot import Sound, VideoWish
from device.session.sound_again import sound_failed, try_later
from device.session.table import Phase, Trigger, allows
from device.session.values import EndReason
from hal import AudioMode, Button, Edge, HalError


def sound_opened(draft: Draft, outcome: outcomes.SoundOpened) -> None:
    """Open, and muted; whoever does not want that is unmuted now."""
    draft.set(sound=Sound.OPEN)
    _route_is(draft, outcome.mode)
    if draft.snapshot.is_live and not draft.snapshot.wanted_muted:
        draft.do(effects.SetMicrophone(False))


def route_selected(draft: Draft, outcome: outcomes.RouteSelected) -> None:
    """Selected on sound that had failed to open, a route is opened instead."""
    now = draft.snapshot
    if now.sound is Sound.OPEN:
        _route_is(draft, outcome.mode)
    elif now.is_live and now.sound is Sound.CLOSED and now.wanted_route is outcome.mode:
        want_route(draft, outcome.mode)


def _route_is(draft: Draft, mode: AudioMode) -> None:
    now = draft.snapshot
    is_present = any(device.mode is mode for device in now.devices)
    if now.is_live and is_present and now.route is not mode:
        draft.set(route=mode, wanted_route=now.wanted_route or mode, route_failed=False)
        draft.tell(AudioModeChanged(draft.snapshot.routes))


def microphone_set(draft: Draft, outcome: outcomes.MicrophoneSet) -> None:
    now = draft.snapshot
    if now.is_live:
        draft.show_muted(outcome.muted or now.sound is Sound.CLOSED, now.muted_by)


def camera_opened(draft: Draft, outcome: outcomes.CameraOpened) -> None:
    """The picture is on; a wish for a video call may now be told to the exchange."""
    draft.set(camera_open=True, camera_failed=False, facing=outcome.facing)
    now = draft.snapshot
    if not now.is_live:
        return
    if now.camera_due_at_s is None:
        lost_camera.forget(draft)
    if not now.wanted_camera:
        draft.do(effects.CloseCamera())  # paused meanwhile, or it has died already
        return
    _show_camera(draft)
    if now.wanted_facing is not outcome.facing:
        draft.do(effects.MoveCamera(now.wanted_facing))
    if now.video_wish is not None:
        wish_is_request = now.video_wish is VideoWish.REQUEST
        draft.do(effects.RequestVideo() if wish_is_request else effects.AcceptVideo())


def camera_closed(draft: Draft, outcome: outcomes.CameraClosed) -> None:
    draft.set(camera_open=False)
    _show_camera(draft)


def _show_camera(draft: Draft) -> None:
    if draft.snapshot.is_live:
        paused = not draft.snapshot.camera_open
        draft.show(replace(draft.snapshot.state, video_paused=paused))


def camera_moved(draft: Draft, outcome: outcomes.CameraMoved) -> None:
    draft.set(facing=outcome.facing)


def camera_lost(draft: Draft, fact: facts.CameraLost) -> None:
    """The call goes on without a picture, and with one again if the camera comes back soon."""
    now = draft.snapshot
    if not now.is_live or not (now.camera_open or now.wanted_camera):
        return
    draft.set(camera_open=False, wanted_camera=False, camera_failed=True, video_wish=None)
    draft.raise_error(fact.error.code, str(fact.error), fact.error.reason.value)
    _show_camera(draft)
    if now.camera_open or now.camera_tries:
        lost_camera.lost(draft)


def video_call_agreed(draft: Draft, outcome: outcomes.VideoCallAgreed) -> None:
    """For this unit it is a video call; the listeners hear when the exchange tells everybody."""
    if draft.snapshot.is_live:
        now_in_video(draft)


def devices_changed(draft: Draft, fact: facts.DevicesChanged) -> None:
    """A route came or went: tell, and follow the policy. A new headset is used unless one picked."""
    before = draft.snapshot
    if fact.devices == before.devices:
        return
    present = [device.mode for device in fact.devices]
    picked = before.picked_route if before.picked_route in present else None
    route = before.route if before.route in present else None
    draft.set(devices=fact.devices, picked_route=picked, route=route)
    if before.wanted_route not in present:
        draft.set(wanted_route=None)
    if not before.is_live:
        return
    draft.tell(AudioModeChanged(draft.snapshot.routes))
    mode = default_route(fact.devices, picked, before.audio_only)
    if mode is not None:
        want_route(draft, mode)


def audio_failed(draft: Draft, fact: facts.AudioFailed) -> None:
    """Silence, until a route is selected: by a person, or by the timer."""
    if not draft.snapshot.is_live:
        return
    was_in_use = draft.snapshot.route is not None
    draft.set(route=None)
    sound_failed(draft, "audio_unavailable", fact.message)
    if was_in_use:
        draft.tell(AudioModeChanged(draft.snapshot.routes))


def button_reported(draft: Draft, fact: facts.ButtonReported) -> None:
    """A press does what its button says; what cannot be done is an error event, never silence."""
    if fact.edge is not Edge.PRESSED:
        return
    if draft.snapshot.phase is Phase.CONNECTING and fact.button is Button.END_CALL:
        draft.end(EndReason.LOCAL_END)  # nobody hears events yet, but the button always works
    if not draft.snapshot.is_live:
        return
    try:
        if fact.button is Button.END_CALL:
            draft.tell(CallEndButtonPressed("gpio"))
            if draft.snapshot.settings.end_button_ends_call:
                draft.end(EndReason.LOCAL_END)
        elif fact.button is Button.MUTE:
            toggle_mute(draft)
        elif fact.button is Button.CAMERA_SWITCH:
            switch_camera(draft, commands.SwitchCamera())
        else:
            _answer(draft)
    except (CallError, HalError) as error:
        draft.raise_error(error.code, str(error), fact.button.value)


def _answer(draft: Draft) -> None:
    """The call button in a call: yes to whatever is being asked."""
    accept_video_call(draft, commands.AcceptVideoCall())
    stay(draft)


def effect_failed(draft: Draft, outcome: outcomes.EffectFailed) -> None:
    """What was wanted goes back to what is; who asked has the error, else it is an event."""
    effect = outcome.effect
    if isinstance(effect, effects.JoinExchange):
        if allows(draft.snapshot.phase, Trigger.JOIN_FAILED):
            draft.move(Trigger.JOIN_FAILED)
            draft.set(end_reason=EndReason.REFUSED)
            draft.do(effects.Release())
        return
    if not draft.snapshot.is_live:
        return
    if isinstance(effect, effects.OpenSound):
        draft.set(sound=Sound.CLOSED)
        draft.show_no_sound()
    if not outcome.superseded:
        _take_back(draft, effect)
    if isinstance(effect, effects.OpenCamera) and effect.again:
        if not outcome.superseded:
            lost_camera.missed(draft)
        return
    _tell(draft, outcome)


def _tell(draft: Draft, outcome: outcomes.EffectFailed) -> None:
    """Unless who asked, or was asked for, has heard. Sound is tried again later."""
    effect, name = outcome.effect, type(outcome.effect).__name__
    is_told = outcome.awaited or _is_expected(draft, outcome)
    is_of_sound = isinstance(effect, effects.OpenSound | effects.SelectRoute)
    if is_of_sound and not outcome.superseded and is_told:
        try_later(draft, outcome.message)
    elif is_of_sound and not outcome.superseded:
        sound_failed(draft, outcome.code, outcome.message, name)
    elif not is_told:
        draft.raise_error(outcome.code, outcome.message, name)


def _take_back(draft: Draft, effect: effects.Effect) -> None:
    now = draft.snapshot
    match effect:
        case effects.OpenCamera() | effects.CloseCamera():
            draft.set(wanted_camera=now.camera_open, video_wish=None)
            if isinstance(effect, effects.OpenCamera):
                draft.set(camera_failed=True)
            _show_camera(draft)
        case effects.MoveCamera():
            draft.set(wanted_facing=now.facing)
        case effects.SetMicrophone(muted):
            if not muted:
                draft.show_no_sound()  # it is muted still, even where it was opened a moment ago
            draft.set(wanted_muted=draft.snapshot.muted)
        case effects.OpenSound():
            draft.set(wanted_route=None)
        case effects.SelectRoute(mode, picked_before):
            picked = picked_before if now.picked_route is mode else now.picked_route
            draft.set(wanted_route=now.route, picked_route=picked)
        case effects.RequestVideo() | effects.AcceptVideo() if now.audio_only:
            draft.set(wanted_camera=False, video_wish=None)
            draft.do(effects.CloseCamera())


def _is_expected(draft: Draft, outcome: outcomes.EffectFailed) -> bool:
    """The exchange away is an event of its own, and what was not told is told on its return;
    a signal to somebody who has just left has nowhere to go."""
    effect = outcome.effect
    if isinstance(effect, effects.SendSignal):
        gone = draft.snapshot.peer(effect.signal.peer) is None
        if gone or outcome.code == "peer_not_in_session":
            return True
    told_again = isinstance(effect, effects.PublishState | effects.SendSignal)
    return told_again and draft.snapshot.exchange_lost_at_s is not None


def engine_broke(draft: Draft, outcome: outcomes.EngineBroke) -> None:
    if draft.snapshot.is_live:
        draft.raise_error("internal_error", outcome.message)
    draft.end(EndReason.FAILED)
