"""What cameras, sound, buttons and effects report. Pure."""

from dataclasses import replace

from device.errors import CallError
from device.session import commands, effects, facts, outcomes
from device.session.draft import Draft
from device.session.events import AudioModeChanged, CallEndButtonPressed
from device.session.on_command import mute_audio, switch_camera, want_route
from device.session.routes import default_route
from device.session.table import Trigger, allows
from device.session.values import EndReason
from hal import AudioMode, Button, Edge, HalError


def sound_opened(draft: Draft, outcome: outcomes.SoundOpened) -> None:
    _route_is(draft, outcome.mode)


def route_selected(draft: Draft, outcome: outcomes.RouteSelected) -> None:
    _route_is(draft, outcome.mode)


def _route_is(draft: Draft, mode: AudioMode) -> None:
    if draft.snapshot.is_live and draft.snapshot.route is not mode:
        draft.set(route=mode)
        draft.tell(AudioModeChanged(draft.snapshot.routes))


def microphone_set(draft: Draft, outcome: outcomes.MicrophoneSet) -> None:
    draft.set(muted=outcome.muted)
    if draft.snapshot.is_live:
        state = replace(draft.snapshot.state, audio_muted=outcome.muted)
        draft.show(state, muted_by=draft.snapshot.muted_by)


def camera_opened(draft: Draft, outcome: outcomes.CameraOpened) -> None:
    draft.set(camera_open=True, facing=outcome.facing)
    _show_camera(draft, paused=False)


def camera_closed(draft: Draft, outcome: outcomes.CameraClosed) -> None:
    draft.set(camera_open=False)
    _show_camera(draft, paused=True)


def _show_camera(draft: Draft, paused: bool) -> None:
    if draft.snapshot.is_live:
        draft.show(replace(draft.snapshot.state, video_paused=paused))


def camera_moved(draft: Draft, outcome: outcomes.CameraMoved) -> None:
    draft.set(facing=outcome.facing)


def camera_lost(draft: Draft, fact: facts.CameraLost) -> None:
    """The call goes on without a picture."""
    if draft.snapshot.camera_open:
        draft.set(camera_open=False, wanted_camera=False)
        draft.raise_error(fact.error.code, str(fact.error), fact.error.reason.value)
        _show_camera(draft, paused=True)


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
    if draft.snapshot.is_live:
        draft.raise_error("audio_unavailable", fact.message)


def button_reported(draft: Draft, fact: facts.ButtonReported) -> None:
    """A press does what its button says; what cannot be done is an error event, never silence."""
    if fact.edge is not Edge.PRESSED or not draft.snapshot.is_live:
        return
    try:
        if fact.button is Button.END_CALL:
            draft.tell(CallEndButtonPressed("gpio"))
            if draft.snapshot.settings.end_button_ends_call:
                draft.end(EndReason.LOCAL_END)
        elif fact.button is Button.MUTE:
            mute_audio(draft, commands.MuteAudio(not draft.snapshot.wanted_muted))
        else:
            switch_camera(draft, commands.SwitchCamera())
    except (CallError, HalError) as error:
        draft.raise_error(error.code, str(error), fact.button.value)


def effect_failed(draft: Draft, outcome: outcomes.EffectFailed) -> None:
    """What was wanted goes back to what is; who asked has the error, else it is an event."""
    effect = outcome.effect
    if isinstance(effect, effects.JoinExchange):
        if allows(draft.snapshot.phase, Trigger.JOIN_FAILED):
            draft.move(Trigger.JOIN_FAILED)
            draft.set(end_reason=EndReason.REFUSED)
            draft.do(effects.Release())
        return
    _take_back(draft, effect)
    if draft.snapshot.is_live and not outcome.awaited and not _expected(draft, effect):
        draft.raise_error(outcome.code, outcome.message, type(effect).__name__)


def _take_back(draft: Draft, effect: effects.Effect) -> None:
    now = draft.snapshot
    match effect:
        case effects.OpenCamera():
            draft.set(wanted_camera=False)
            _show_camera(draft, paused=True)
        case effects.MoveCamera():
            draft.set(wanted_facing=now.facing)
        case effects.SetMicrophone():
            draft.set(wanted_muted=now.muted)
        case effects.SelectRoute() | effects.OpenSound():
            draft.set(wanted_route=now.route, picked_route=None)
        case effects.RequestVideo() if now.audio_only:
            draft.set(wanted_camera=False)
            draft.do(effects.CloseCamera())


def _expected(draft: Draft, effect: effects.Effect) -> bool:
    """The exchange away is an event of its own, and what was not told is told on its return;
    a signal to somebody who has just left has nowhere to go."""
    told_again = isinstance(effect, effects.PublishState | effects.SendSignal)
    return told_again and draft.snapshot.exchange_lost_at_s is not None


def engine_broke(draft: Draft, outcome: outcomes.EngineBroke) -> None:
    if draft.snapshot.is_live:
        draft.raise_error("internal_error", outcome.message)
    draft.end(EndReason.FAILED)
