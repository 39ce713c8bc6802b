"""What each command does to a call. Pure; a refusal raises before anything has changed."""

from device.errors import AudioModeUnavailable, CallInProgress, NotAvailable
from device.session import commands
from device.session.draft import Draft
from device.session.effects import (
    AcceptVideo,
    CloseCamera,
    Effect,
    JoinExchange,
    MoveCamera,
    OpenCamera,
    RequestVideo,
    SelectRoute,
    SetMicrophone,
)
from device.session.table import Phase, Trigger
from device.session.values import EndReason, MediaState
from hal import AudioMode, CameraFault, CameraUnavailable, Facing


def start(draft: Draft, command: commands.Start) -> None:
    """Ask the exchange in; devices are opened once it has agreed."""
    if draft.snapshot.phase is not Phase.IDLE:
        raise CallInProgress("A call is on already. End it before starting another.")
    settings = command.settings
    no_video = settings.audio_only or settings.start_with_video_muted
    state = MediaState(settings.start_with_audio_muted, no_video or not command.facings)
    draft.set(
        settings=settings,
        session_id=command.token.session_id,
        devices=command.devices,
        facings=command.facings,
        wanted_facing=command.facings[0] if command.facings else Facing.FRONT,
        audio_only=settings.audio_only,
        wanted_camera=not no_video and bool(command.facings),
        muted=settings.start_with_audio_muted,
        wanted_muted=settings.start_with_audio_muted,
        state=state,
    )
    draft.move(Trigger.START)
    draft.do(JoinExchange(command.token, state, settings.audio_only))


def switch_camera(draft: Draft, command: commands.SwitchCamera) -> None:
    """To the other camera; a paused one is chosen for when it is resumed."""
    draft.need_live()
    now = draft.snapshot
    if now.audio_only:
        raise NotAvailable("This is an audio call. Switch to a video call first.")
    if len(now.facings) < 2:
        raise CameraUnavailable(CameraFault.ONLY_ONE, "This unit has one camera only.")
    other = Facing.REAR if now.wanted_facing is Facing.FRONT else Facing.FRONT
    draft.set(wanted_facing=other)
    if now.wanted_camera:
        draft.do(MoveCamera(other))


def mute_audio(draft: Draft, command: commands.MuteAudio) -> None:
    """Close or open the microphone's way out."""
    draft.need_live()
    want_muted(draft, command.muted, draft.me.uid)


def want_muted(draft: Draft, muted: bool, by: str) -> None:
    """Mute or unmute in the name of ``by`` (a uid)."""
    if draft.snapshot.wanted_muted != muted:
        draft.set(wanted_muted=muted, muted_by=by)
        draft.do(SetMicrophone(muted))


def pause_video(draft: Draft, command: commands.PauseVideo) -> None:
    """Close or open the camera of a video call."""
    draft.need_live()
    now = draft.snapshot
    if now.audio_only and not command.paused:
        raise NotAvailable("This is an audio call. Switch to a video call first.")
    if now.wanted_camera is not command.paused:
        return
    if command.paused:
        draft.set(wanted_camera=False)
        draft.do(CloseCamera())
    else:
        draft.do(*_camera_on(draft))


def set_audio_mode(draft: Draft, command: commands.SetAudioMode) -> None:
    """A person picked a route."""
    draft.need_live()
    if all(device.mode is not command.mode for device in draft.snapshot.devices):
        raise AudioModeUnavailable(f"No {command.mode.value} is connected to this unit.")
    draft.set(picked_route=command.mode)
    want_route(draft, command.mode)


def want_route(draft: Draft, mode: AudioMode) -> None:
    """Move to a route, unless that is under way already."""
    if draft.snapshot.wanted_route is not mode:
        draft.set(wanted_route=mode)
        draft.do(SelectRoute(mode))


def set_pip(draft: Draft, pip: bool) -> None:
    """The screen reads it from the snapshot."""
    draft.need_live()
    draft.set(pip=pip)


def switch_to_video_call(draft: Draft, command: commands.SwitchToVideoCall) -> None:
    """Open the own camera, and ask the others to open theirs."""
    draft.need_live()
    if draft.snapshot.audio_only:
        draft.do(*_camera_on(draft), RequestVideo())


def accept_video_call(draft: Draft, command: commands.AcceptVideoCall) -> None:
    """Open the own camera because another asked; without a request there is nothing to do."""
    draft.need_live()
    if draft.snapshot.video_requested_by is not None:
        draft.do(*_camera_on(draft), AcceptVideo())
        draft.set(video_requested_by=None)


def _camera_on(draft: Draft) -> tuple[Effect, ...]:
    if not draft.snapshot.facings:
        raise CameraUnavailable(
            CameraFault.ABSENT, "This unit has no camera. Check the ribbon cable."
        )
    if draft.snapshot.wanted_camera:
        return ()
    draft.set(wanted_camera=True)
    return (OpenCamera(draft.snapshot.wanted_facing),)


def refuse_recording(draft: Draft, command: object) -> None:
    """Recording has its own piece of work, yet to come."""
    draft.need_live()
    raise NotAvailable("Recording is not available in this release.")


def end_session(draft: Draft, command: commands.EndSession) -> None:
    """Leave. Asked again, or after the end, it is done already."""
    if draft.snapshot.phase is Phase.IDLE:
        draft.need_live()
    draft.end(EndReason.LOCAL_END)
