"""The engine's one pure function: ``step(snapshot, input, now_s) -> Step``.

Commands are in ``on_command``, facts of the exchange and of peers in ``on_peer``, of devices in
``on_device``, the clocks in ``idle``, ``sound_again`` and ``lost_camera``; they share the builder below.
Nothing here does anything: what is to be done comes out as effects, and what came of them goes in again
as outcomes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from device.session import commands, facts, idle, lost_camera, outcomes, sound_again
from device.session.commands import Command, Start
from device.session.draft import Draft
from device.session.effects import Effect, TimerName
from device.session.events import Event
from device.session.facts import ButtonReported, ExchangeFact, MediaFact
from device.session.on_command import (
    accept_video_call,
    end_session,
    mute_audio,
    pause_video,
    refuse_recording,
    set_audio_mode,
    set_pip,
    start,
    switch_camera,
    switch_to_video_call,
)
from device.session.on_device import (
    audio_failed,
    button_reported,
    camera_closed,
    camera_lost,
    camera_moved,
    camera_opened,
    devices_changed,
    effect_failed,
    engine_broke,
    microphone_set,
    route_selected,
    sound_opened,
    video_call_agreed,
)
from device.session.on_peer import (
    exchange_lost,
    exchange_restored,
    joined,
    peer_joined,
    peer_left,
    peer_link_lost,
    peer_link_up,
    peer_state_changed,
    recording_changed,
    released,
    removed_from_session,
    signal_ready,
    signal_received,
    switched_to_video,
    video_requested,
)
from device.session.outcomes import Outcome, TimerFired
from device.session.snapshot import Snapshot
from device.session.table import Phase

Input = Start | Command | ExchangeFact | MediaFact | ButtonReported | Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one input: the state after it, what to tell, what to do; both in order."""

    snapshot: Snapshot
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]


def step(snapshot: Snapshot, given: Input, now_s: float) -> Step:
    """Take one input. ``now_s`` is the call's clock.

    A command that cannot be raises (NotInSession, CallInProgress, CameraUnavailable,
    AudioModeUnavailable, NotAvailable) and changes nothing. A fact never raises: one that comes too
    late, or speaks of what is gone, changes nothing.
    """
    draft = Draft(snapshot, now_s)
    if isinstance(given, Start):
        start(draft, given)
    elif type(given) in _COMMANDS:
        _COMMANDS[type(given)](draft, given)
    elif snapshot.phase not in (Phase.IDLE, Phase.ENDED):
        _FACTS[type(given)](draft, given)
    return Step(draft.snapshot, tuple(draft.events), tuple(draft.effects))


def _timer_fired(draft: Draft, fact: TimerFired) -> None:
    if fact.name is TimerName.SOUND_AGAIN:
        sound_again.fire(draft)
    elif fact.name is TimerName.CAMERA:
        lost_camera.fire(draft)
    else:
        idle.fire(draft, warning=fact.name is TimerName.IDLE_WARNING)


_COMMANDS: dict[type, Callable[[Draft, Any], None]] = {
    commands.SwitchCamera: switch_camera,
    commands.MuteAudio: mute_audio,
    commands.PauseVideo: pause_video,
    commands.SetAudioMode: set_audio_mode,
    commands.EnterPipMode: lambda draft, _: set_pip(draft, True),
    commands.ExitPipMode: lambda draft, _: set_pip(draft, False),
    commands.SwitchToVideoCall: switch_to_video_call,
    commands.AcceptVideoCall: accept_video_call,
    commands.StartRecording: refuse_recording,
    commands.StopRecording: refuse_recording,
    commands.EndSession: end_session,
    commands.Stay: lambda draft, _: idle.stay(draft),
}

_FACTS: dict[type, Callable[[Draft, Any], None]] = {
    facts.PeerJoined: peer_joined,
    facts.PeerLeft: peer_left,
    facts.PeerStateChanged: peer_state_changed,
    facts.SignalReceived: signal_received,
    facts.VideoRequested: video_requested,
    facts.SwitchedToVideo: switched_to_video,
    facts.RecordingChanged: recording_changed,
    facts.ExchangeLost: exchange_lost,
    facts.ExchangeRestored: exchange_restored,
    facts.RemovedFromSession: removed_from_session,
    facts.SignalReady: signal_ready,
    facts.PeerLinkUp: peer_link_up,
    facts.PeerLinkLost: peer_link_lost,
    facts.CameraLost: camera_lost,
    facts.DevicesChanged: devices_changed,
    facts.AudioFailed: audio_failed,
    facts.ButtonReported: button_reported,
    outcomes.Joined: joined,
    outcomes.SoundOpened: sound_opened,
    outcomes.MicrophoneSet: microphone_set,
    outcomes.RouteSelected: route_selected,
    outcomes.CameraOpened: camera_opened,
    outcomes.CameraClosed: camera_closed,
    outcomes.CameraMoved: camera_moved,
    outcomes.VideoCallAgreed: video_call_agreed,
    outcomes.TimerFired: _timer_fired,
    outcomes.Released: released,
    outcomes.EffectFailed: effect_failed,
    outcomes.EngineBroke: engine_broke,
}
