"""The log of calls, as one of their parties sees them."""

from dataclasses import dataclass
from typing import Literal

from device.exchange.wire.calls import CallItem

Direction = Literal["incoming", "outgoing"]
LogStatus = Literal[
    "initiated", "ongoing", "rejected", "busy", "cancelled", "unanswered", "ended", "missed"
]
"""A call's; but for a receiver who is not in it how it went for them: *initiated* while it rings,
*rejected*, *busy*, or *missed* for who has not answered and has not refused."""


@dataclass(frozen=True, slots=True)
class LogItem:
    """``direction``: *outgoing* for who has called. ``duration_s``: from the first answer to the end,
    or until now; None for who was not in it."""

    call: CallItem
    direction: Direction
    status: LogStatus
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class CallLog:
    """The newest first. ``next_cursor`` is where the next page begins; None: this is the last."""

    calls: list[LogItem]
    next_cursor: str | None
