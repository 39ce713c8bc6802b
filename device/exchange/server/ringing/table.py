"""Every transition of a ringing call."""

from device.exchange.server.ringing import actions as do
from device.exchange.server.ringing.values import Status

_INITIATED, _ONGOING = Status.INITIATED, Status.ONGOING

TABLE: dict[tuple[Status, type[do.Action]], frozenset[Status]] = {
    (_INITIATED, do.Accept): frozenset({_ONGOING}),
    (_INITIATED, do.Reject): frozenset({_INITIATED, Status.REJECTED, Status.BUSY}),
    (_INITIATED, do.Cancel): frozenset({Status.CANCELLED}),
    (_INITIATED, do.Vanish): frozenset({_INITIATED, Status.CANCELLED}),
    (_INITIATED, do.Due): frozenset({_INITIATED, Status.UNANSWERED}),
    (_ONGOING, do.Accept): frozenset({_ONGOING}),
    (_ONGOING, do.Reject): frozenset({_ONGOING}),
    (_ONGOING, do.End): frozenset({_ONGOING, Status.ENDED}),
    (_ONGOING, do.Enter): frozenset({_ONGOING}),
    (_ONGOING, do.Lose): frozenset({_ONGOING}),
    (_ONGOING, do.Remove): frozenset({_ONGOING, Status.ENDED}),
    (_ONGOING, do.EndForAll): frozenset({Status.ENDED}),
    (_ONGOING, do.Due): frozenset({_ONGOING, Status.ENDED}),
}
"""From a status, by an action, to one of these statuses. What has no row is refused."""

REFUSED: dict[tuple[Status, type[do.Action]], tuple[str, str]] = {
    (_INITIATED, do.End): (
        "call_not_started",
        "Nobody has answered yet. Cancel the call, or reject it.",
    ),
    (_ONGOING, do.Cancel): ("call_answered", "The call has been answered. End it instead."),
}
"""The code and the words for a live call; a call that is over refuses everything as call_terminated."""
