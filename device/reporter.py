"""What goes wrong in a call, in words for a person."""

from collections.abc import Callable

from device.session.listener import CallListener
from device.session.values import LinkTarget, Participant

Tell = Callable[[str], None]


class Reporter(CallListener):
    """Says in words what goes wrong in a call."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def on_error(self, code: str, message: str, details: str) -> None:
        self._tell(f"{message} ({code}{', ' if details else ''}{details})")

    def on_connection_lost(self, target: LinkTarget, participant: Participant | None) -> None:
        self._tell(
            f"The connection to {participant.name if participant else 'the exchange'} broke."
        )

    def on_connection_restored(
        self, target: LinkTarget, participant: Participant | None, lost_for_s: float
    ) -> None:
        who = participant.name if participant else "the exchange"
        self._tell(f"The connection to {who} is back after {lost_for_s:.1f} s.")
