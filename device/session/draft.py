"""One step in the making: the snapshot so far, and what is to be told and done."""

from dataclasses import replace
from typing import Any

from device.errors import NotInSession
from device.session.effects import Effect, PublishState, Release, SetTimer, TimerName
from device.session.events import ErrorRaised, Event, UserMuted, VideoPaused
from device.session.snapshot import Peer, Snapshot
from device.session.table import Phase, Trigger, allows, move
from device.session.values import EndReason, MediaState, Participant


class Draft:
    """Mutable for the length of one step; the snapshot in it is always a whole one."""

    def __init__(self, snapshot: Snapshot, now_s: float) -> None:
        self.snapshot = snapshot
        self.now_s = now_s
        self.events: list[Event] = []
        self.effects: list[Effect] = []

    def set(self, **changes: Any) -> None:
        self.snapshot = replace(self.snapshot, **changes)

    def tell(self, *events: Event) -> None:
        self.events.extend(events)

    def do(self, *effects: Effect) -> None:
        self.effects.extend(effects)

    def move(self, trigger: Trigger) -> None:
        self.set(phase=move(self.snapshot.phase, trigger))

    def need_live(self) -> None:
        if not self.snapshot.is_live:
            raise NotInSession("There is no live session. Start one first.")

    @property
    def me(self) -> Participant:
        """This unit; only within a session."""
        me = self.snapshot.me
        assert me is not None, "no session has been joined"
        return me

    def set_peer(self, changed: Peer) -> None:
        """Store a peer in the place of the one with the same uid."""
        uid = changed.participant.uid
        self.set(
            peers=tuple(
                changed if peer.participant.uid == uid else peer for peer in self.snapshot.peers
            )
        )

    def raise_error(self, code: str, message: str, details: str = "") -> None:
        self.tell(ErrorRaised(code, message, details))

    def show(self, state: MediaState, muted_by: str = "") -> None:
        """Take on a new public state: tell the listeners what changed, and the others."""
        before = self.snapshot.state
        if state == before:
            return
        self.set(state=state)
        if state.audio_muted != before.audio_muted:
            self.tell(UserMuted(self.me, state.audio_muted, muted_by or self.me.uid))
        if state.video_paused != before.video_paused:
            self.tell(VideoPaused(self.me, state.video_paused))
        if self.snapshot.is_live:
            self.do(PublishState(state))

    def show_muted(self, muted: bool, by: str = "") -> None:
        """The microphone is so; ``by`` is the uid of who did it, empty for this unit."""
        self.set(muted=muted)
        self.show(replace(self.snapshot.state, audio_muted=muted), muted_by=by)

    def show_no_sound(self) -> None:
        """Who cannot be heard is shown as muted, whatever is wanted."""
        if self.snapshot.is_live:
            self.show_muted(True)

    def end(self, reason: EndReason) -> None:
        """Begin the end, unless it has begun."""
        now = self.snapshot
        if not allows(now.phase, Trigger.END):
            return
        one_other = len(now.peers) == 1 and now.phase is not Phase.CONNECTING
        self.set(
            end_reason=reason,
            ended_with_one=one_other and not now.was_larger,
            warning_at_s=None,
            idle_end_at_s=None,
            camera_due_at_s=None,
        )
        self.do(*(SetTimer(name, None) for name in TimerName), Release())
        self.move(Trigger.END)
