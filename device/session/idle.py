"""Section 6: a session in which this unit is alone ends after a while. Pure."""

from device.session.draft import Draft
from device.session.effects import SetTimer, TimerName
from device.session.events import SessionTimeout, SessionTimeoutWarning
from device.session.snapshot import Snapshot
from device.session.values import EndReason

WARNING_S = 60.0
"""How long before the end the warning comes."""


def watch(draft: Draft) -> None:
    """Start the timer when this unit has become alone, stop it when it no longer is."""
    alone = draft.snapshot.is_live and not draft.snapshot.peers
    running = draft.snapshot.idle_end_at_s is not None
    if alone and not running:
        _begin(draft)
    elif running and not alone:
        _set(draft, None, None)


def stay(draft: Draft) -> None:
    """The command: the period starts anew; without a running one there is nothing to do."""
    draft.need_live()
    if draft.snapshot.idle_end_at_s is not None and draft.snapshot.idle_end_at_s > draft.now_s:
        _begin(draft)


def fire(draft: Draft, warning: bool) -> None:
    """A timer fired. One that was set for another period, or is early, is set again."""
    due_s = draft.snapshot.warning_at_s if warning else draft.snapshot.idle_end_at_s
    if due_s is None or not draft.snapshot.is_live:
        return
    if draft.now_s < due_s:
        draft.do(SetTimer(TimerName.IDLE_WARNING if warning else TimerName.IDLE_END, due_s))
        return
    if warning:
        draft.set(warning_at_s=None)
        left_s = (draft.snapshot.idle_end_at_s or due_s) - draft.now_s
        draft.tell(SessionTimeoutWarning(max(0.0, left_s)))
    else:
        draft.tell(SessionTimeout())
        draft.end(EndReason.IDLE_TIMEOUT)


def seconds_left(snapshot: Snapshot, now_s: float) -> float | None:
    """Until the idle end; None while it does not run."""
    return None if snapshot.idle_end_at_s is None else max(0.0, snapshot.idle_end_at_s - now_s)


def _begin(draft: Draft) -> None:
    period_s = draft.snapshot.settings.idle_timeout_s
    if period_s > 0:
        end_s = draft.now_s + period_s
        _set(draft, max(draft.now_s, end_s - WARNING_S), end_s)


def _set(draft: Draft, warning_at_s: float | None, end_at_s: float | None) -> None:
    draft.set(warning_at_s=warning_at_s, idle_end_at_s=end_at_s)
    draft.do(SetTimer(TimerName.IDLE_WARNING, warning_at_s), SetTimer(TimerName.IDLE_END, end_at_s))
