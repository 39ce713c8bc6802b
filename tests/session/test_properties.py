"""The engine's step under random sequences of commands and facts, in any order and number.

Effects are confirmed or failed at random, each lane in its order, as the world would; facts come that
fit nothing; commands come while others are under way.
"""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings, strategies as st

from device.errors import CallError
from device.session import commands, effects, events, facts, outcomes
from device.session.perform import lane_of
from device.session.ports import JoinedSession, RosterEntry
from device.session.settings import CallSettings
from device.session.snapshot import Snapshot, Sound
from device.session.step import Input, Step, step
from device.session.table import TABLE, Phase
from device.session.values import EndReason, MediaState, Participant, Signal, SignalKind
from hal import AudioMode, Button, CameraFault, CameraUnavailable, Edge, Facing, HalError
from tests.session.fakes import ANA, BEN, BLUETOOTH, EARPIECE, ME, SPEAKER, TOKEN

SEQUENCES = 10_000
LENGTH = 30
CLEA = Participant("clea", "Clea")
COMMANDS: list[commands.Command] = [
    commands.SwitchCamera(),
    commands.MuteAudio(True),
    commands.MuteAudio(False),
    commands.PauseVideo(True),
    commands.PauseVideo(False),
    commands.SetAudioMode(AudioMode.EARPIECE),
    commands.SetAudioMode(AudioMode.BLUETOOTH),
    commands.EnterPipMode(),
    commands.ExitPipMode(),
    commands.SwitchToVideoCall(),
    commands.AcceptVideoCall(),
    commands.StartRecording(),
    commands.EndSession(),
    commands.Stay(),
]
REPEATABLE = (
    commands.MuteAudio,
    commands.PauseVideo,
    commands.SetAudioMode,
    commands.EnterPipMode,
    commands.ExitPipMode,
    commands.SwitchToVideoCall,
    commands.AcceptVideoCall,
)
SIGNAL = Signal("ana", "l", SignalKind.CANDIDATE, "")
FACTS: list[Input] = [
    *(facts.PeerJoined(who, MediaState(), True) for who in (ANA, BEN, CLEA)),
    *(facts.PeerLeft(who.uid, EndReason.REMOTE_END) for who in (ANA, BEN, CLEA)),
    facts.PeerStateChanged("ana", MediaState(True, True), "ana"),
    facts.PeerStateChanged("door", MediaState(True, False), "ana"),
    facts.SignalReceived(SIGNAL),
    facts.SignalReady(SIGNAL),
    facts.VideoRequested("ana"),
    facts.SwitchedToVideo("ana", None),
    facts.SwitchedToVideo("door", "ana"),
    facts.RecordingChanged(True, "ana", "r"),
    facts.RecordingChanged(False, "ana", "r"),
    facts.ExchangeLost(),
    facts.ExchangeRestored(1.0),
    facts.PeerLinkUp("ana"),
    facts.PeerLinkLost("ana"),
    facts.CameraLost(CameraUnavailable(CameraFault.SILENT, "Silent.")),
    facts.DevicesChanged((SPEAKER, BLUETOOTH)),
    facts.DevicesChanged((EARPIECE, SPEAKER)),
    facts.DevicesChanged(()),
    facts.AudioFailed("Failed."),
    *(facts.ButtonReported(button, Edge.PRESSED) for button in (Button.MUTE, Button.CAMERA_SWITCH)),
    outcomes.TimerFired(effects.TimerName.CAMERA),
    outcomes.TimerFired(effects.TimerName.IDLE_WARNING),
    outcomes.TimerFired(effects.TimerName.IDLE_END),
    outcomes.TimerFired(effects.TimerName.SOUND_AGAIN),
]
RARE: list[Input] = [
    facts.RemovedFromSession(EndReason.REPLACED),
    facts.ButtonReported(Button.END_CALL, Edge.PRESSED),
    outcomes.EngineBroke("Broke."),
    outcomes.Released(),
    commands.EndSession(),
]
CONFIRMS = {
    effects.OpenSound: lambda effect: outcomes.SoundOpened(effect.mode),
    effects.RequestVideo: lambda _: outcomes.VideoCallAgreed(),
    effects.AcceptVideo: lambda _: outcomes.VideoCallAgreed(),
    effects.SetMicrophone: lambda effect: outcomes.MicrophoneSet(effect.muted),
    effects.SelectRoute: lambda effect: outcomes.RouteSelected(effect.mode),
    effects.OpenCamera: lambda effect: outcomes.CameraOpened(effect.facing),
    effects.MoveCamera: lambda effect: outcomes.CameraMoved(effect.facing),
    effects.CloseCamera: lambda _: outcomes.CameraClosed(),
    effects.Release: lambda _: outcomes.Released(),
}
# What may be told at once on a command: an effect need not be confirmed for these.
FACT_EVENTS = (
    events.UserMuted,
    events.VideoPaused,
    events.AudioModeChanged,
    events.CallSwitchedToVideo,
    events.CallEnded,
    events.SessionEnded,
)


@dataclass
class Play:
    """One call under test, and everything that it told."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    now_s: float = 0.0
    told: list[events.Event] = field(default_factory=list)
    open_effects: list[effects.Effect] = field(default_factory=list)
    most_present: int = 0

    def take(self, given: Input) -> Step | None:
        """Step once, and check what must hold at every step."""
        before = self.snapshot
        try:
            result = step(before, given, self.now_s)
        except (CallError, HalError):
            assert self.snapshot == before
            assert isinstance(given, commands.Command | commands.Start), f"{given} was refused"
            return None
        after = result.snapshot
        assert after.phase is before.phase or reachable(before.phase, after.phase)
        if isinstance(given, commands.Command):
            assert not [event for event in result.events if isinstance(event, FACT_EVENTS)]
        if before.phase is Phase.ENDING:
            assert not result.effects, "everything is being freed"
        if before.phase is Phase.ENDED:
            assert after == before
            assert not result.events + result.effects
        self.snapshot = after
        self.told += result.events
        self.open_effects += result.effects
        if after.is_live:
            self.most_present = max(self.most_present, 1 + len(after.peers))
        if any(isinstance(event, events.CallEnded) for event in result.events):
            assert self.most_present == 2
        assert after.idle_end_at_s is None or (after.is_live and not after.peers)
        assert after.route is None or after.sound is Sound.OPEN
        if after.is_live:
            assert after.state.audio_muted is after.muted
            assert after.muted or after.sound is not Sound.CLOSED
        return result

    def repeat(self, given: Input) -> None:
        """Asked again at once, a command changes nothing more."""
        before, told = self.snapshot, len(self.told)
        result = self.take(given)
        if result is not None:
            assert self.snapshot == before
            assert len(self.told) == told
            assert not result.effects

    def check_rest(self) -> None:
        """Nothing is under way any more: each device is as it was last wanted."""
        now = self.snapshot
        assert now.wanted_camera is now.camera_open
        assert now.state.video_paused is not now.camera_open
        assert now.video_wish is None
        if now.sound is not Sound.CLOSED:
            assert now.sound is Sound.OPEN
            assert now.wanted_muted is now.muted
            assert now.wanted_route is now.route or now.route_failed

    def check_end(self) -> None:
        ends = [event for event in self.told if isinstance(event, events.SessionEnded)]
        calls = [event for event in self.told if isinstance(event, events.CallEnded)]
        assert len(ends) <= 1
        assert not ends or self.told[-1] is ends[0]
        assert len(calls) <= 1
        if self.snapshot.phase is Phase.ENDED and self.snapshot.me is not None:
            assert ends


def reachable(before: Phase, after: Phase) -> bool:
    """Within one step at most two triggers move the phase."""
    first = set(TABLE[before].values())
    return after in first or any(after in TABLE[phase].values() for phase in first)


def joined(chance: random.Random) -> outcomes.Joined:
    others = chance.sample([ANA, BEN], chance.randrange(3))
    entries = tuple(RosterEntry(who, MediaState(), True) for who in others)
    return outcomes.Joined(JoinedSession("hall", ME, entries, frozenset(), chance.random() < 0.3))


def world_answers(play: Play, chance: random.Random) -> None:
    """Confirm or fail the oldest open effect of some lane."""
    lanes = {lane_of(effect): effect for effect in reversed(play.open_effects)}
    if not lanes:
        return
    effect = chance.choice(list(lanes.values()))
    at = next(at for at, each in enumerate(play.open_effects) if each is effect)
    del play.open_effects[at]
    if isinstance(effect, effects.JoinExchange):
        failed = outcomes.EffectFailed(effect, "refused", "No.", True)
        play.take(joined(chance) if chance.random() < 0.95 else failed)
    elif chance.random() < 0.15 and not isinstance(effect, effects.Release | effects.SetTimer):
        thing = effects.thing_of(effect)
        later = thing is not None and any(effects.thing_of(e) is thing for e in play.open_effects)
        awaited = chance.random() < 0.5
        play.take(outcomes.EffectFailed(effect, "failed", "No.", awaited, later))
    elif type(effect) in CONFIRMS:
        play.take(CONFIRMS[type(effect)](effect))


def play_one(chance: random.Random) -> bool:
    play = Play()
    own = CallSettings(
        audio_only=chance.random() < 0.3,
        start_with_audio_muted=chance.random() < 0.3,
        start_with_video_muted=chance.random() < 0.3,
        accept_video_by_itself=chance.random() < 0.3,
        end_button_ends_call=chance.random() < 0.7,
        idle_timeout_s=chance.choice([0, 20, 180]),
    )
    facings = tuple(Facing)[: chance.randrange(3)]
    play.take(commands.Start(TOKEN, own, (EARPIECE, SPEAKER), facings))
    for _ in range(LENGTH):
        play.now_s += chance.choice([0, 0, 1, 60])
        kind = chance.random()
        if kind < 0.35:
            world_answers(play, chance)
        elif kind < 0.65:
            command = chance.choice(COMMANDS)
            if play.take(command) is not None and isinstance(command, REPEATABLE):
                play.repeat(command)
        elif kind < 0.97:
            play.take(chance.choice(FACTS))
        else:
            play.take(chance.choice(RARE))
    while play.open_effects:
        world_answers(play, chance)
    is_live = play.snapshot.is_live
    if is_live:
        play.check_rest()
    play.take(commands.EndSession())
    while play.open_effects:
        world_answers(play, chance)
    play.check_end()
    return is_live


def test_ten_thousand_random_calls() -> None:
    """Seeded, so that a failure comes again; the seed is the number of the sequence."""
    live = 0
    for seed in range(SEQUENCES):
        try:
            live += play_one(random.Random(seed))
        except AssertionError as error:
            raise AssertionError(f"sequence {seed}: {error}") from error
    assert live > SEQUENCES / 10, "it would prove nothing if most of them ended at the start"


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_random_calls_that_shrink(chance: random.Random) -> None:
    play_one(chance)
