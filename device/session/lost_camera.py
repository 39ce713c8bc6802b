"""A camera that was lost is tried again for half a minute: one on USB is back from a reset by then."""

from device.session.draft import Draft
from device.session.effects import OpenCamera, SetTimer, TimerName

AFTER_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Before each attempt; after the last one a person has to ask for the camera."""


def lost(draft: Draft) -> None:
    """It filmed, or was being tried again. The loss has been told."""
    if not draft.snapshot.audio_only:
        _wait(draft, 0)


def fire(draft: Draft) -> None:
    """The timer fired. One that was set for another attempt, or is early, is set again."""
    now = draft.snapshot
    due_s = now.camera_due_at_s
    if due_s is None or not now.is_live:
        return
    if draft.now_s < due_s:
        draft.do(SetTimer(TimerName.CAMERA, due_s))
        return
    draft.set(camera_due_at_s=None, wanted_camera=True)
    draft.do(OpenCamera(now.wanted_facing, again=True))


def missed(draft: Draft) -> None:
    """An attempt failed. Nobody is told: they know that the camera is lost."""
    _wait(draft, draft.snapshot.camera_tries)


def forget(draft: Draft) -> None:
    """It is open again, or a person has decided otherwise."""
    if draft.snapshot.camera_due_at_s is not None:
        draft.do(SetTimer(TimerName.CAMERA, None))
    draft.set(camera_due_at_s=None, camera_tries=0)


def _wait(draft: Draft, tries: int) -> None:
    if tries >= len(AFTER_S):
        forget(draft)
        return
    due_s = draft.now_s + AFTER_S[tries]
    draft.set(camera_due_at_s=due_s, camera_tries=tries + 1)
    draft.do(SetTimer(TimerName.CAMERA, due_s))
