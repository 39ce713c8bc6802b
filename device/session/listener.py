"""Who hears of a call. Every method is optional; the base class does nothing in each."""

from device.session.values import AudioRoute, EndReason, LinkTarget, Participant


class CallListener:
    """Receives the events of one call, in the order in which things happened, in the event loop.

    A method must not block. One that raises is logged and hurts nobody. Any object with some of
    these methods will do.
    """

    def on_call_ended(self, reason: EndReason) -> None:
        """A session of exactly two participants ended, whoever ended it. At most once."""

    def on_session_ended(self, reason: EndReason) -> None:
        """This unit is out of the session and everything is released. The last event, once."""

    def on_session_timeout(self) -> None:
        """The idle period ran out; the session ends."""

    def on_session_timeout_warning(self, seconds_left: float) -> None:
        """Nobody else is here; ``stay()`` keeps the session."""

    def on_call_end_button_pressed(self, source: str) -> None:
        """The end button was pressed; ``source`` is ``gpio`` or ``screen``."""

    def on_user_joined(self, participant: Participant) -> None:
        """Another participant came."""

    def on_user_left(self, participant: Participant, reason: EndReason) -> None:
        """Another participant went."""

    def on_user_list_changed(self, participants: tuple[Participant, ...]) -> None:
        """After every join and leave: everybody, self included."""

    def on_audio_mode_changed(self, routes: tuple[AudioRoute, ...]) -> None:
        """A route appeared, vanished or was selected."""

    def on_call_switched_to_video(
        self, session_id: str, initiated_by: str, accepted_by: str | None
    ) -> None:
        """The audio call became a video call; uids. None until somebody has accepted."""

    def on_user_muted(self, participant: Participant, muted: bool, muted_by: str) -> None:
        """A microphone was muted or unmuted, one's own included; ``muted_by`` is a uid."""

    def on_video_paused(self, participant: Participant, paused: bool) -> None:
        """A camera was paused or resumed, one's own included."""

    def on_recording_toggled(self, running: bool, changed_by: str, recording_id: str) -> None:
        """Recording started or stopped."""

    def on_connection_lost(self, target: LinkTarget, participant: Participant | None) -> None:
        """The media link to a participant, or the link to the exchange (None), broke."""

    def on_connection_restored(
        self, target: LinkTarget, participant: Participant | None, lost_for_s: float
    ) -> None:
        """The link is back."""

    def on_error(self, code: str, message: str, details: str) -> None:
        """Something failed that nobody was awaiting. ``message`` says what to do."""
