"""Sound that failed is tried again, ever more slowly: most units have nobody who would. Pure."""

from device.session.draft import Draft
from device.session.effects import SetTimer, TimerName
from device.session.on_command import want_route
from device.session.routes import default_route
from device.session.snapshot import Sound, SoundTrouble

FIRST_S = 1.0
LONGEST_S = 60.0
CALM_S = 30.0
"""A card that stands still can be opened, and fails again some seconds later; after so long without a
failure the next one is a new one."""


def sound_failed(draft: Draft, code: str, message: str, details: str = "") -> None:
    """Tell, but the same words once only, and set the timer for another attempt."""
    before = _trouble(draft)
    if before is None or before.message != message:
        draft.raise_error(code, message, details)
    try_later(draft, message)


def try_later(draft: Draft, message: str) -> None:
    """Set the timer, unless some route still plays."""
    now, before = draft.snapshot, _trouble(draft)
    if now.route is not None:
        return
    wait_s = FIRST_S if before is None else min(2 * before.wait_s, LONGEST_S)
    trouble = SoundTrouble(message, draft.now_s, wait_s)
    draft.set(sound_trouble=trouble, route_failed=now.sound is Sound.OPEN)
    draft.do(SetTimer(TimerName.SOUND_AGAIN, trouble.again_at_s))


def fire(draft: Draft) -> None:
    """The timer fired: select the route that would be used, if none is by now. One that is early is set
    again."""
    now = draft.snapshot
    if not now.is_live or now.route is not None or now.sound_trouble is None:
        return
    due_s = now.sound_trouble.again_at_s
    if draft.now_s < due_s:
        draft.do(SetTimer(TimerName.SOUND_AGAIN, due_s))
        return
    mode = default_route(now.devices, now.picked_route, now.audio_only)
    if mode is not None:
        want_route(draft, mode)


def _trouble(draft: Draft) -> SoundTrouble | None:
    """What this failure goes on with."""
    trouble = draft.snapshot.sound_trouble
    is_over = trouble is None or draft.now_s - trouble.again_at_s > CALM_S
    return None if is_over else trouble
