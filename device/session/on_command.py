"""What each command does to a call. Pure; a refusal raises before anything has changed."""

from device.errors import AudioModeUnavailable, CallInProgress, NotAvailable
from device.session import commands, lost_camera
from device.session.draft import Draft
from device.session.effects import (
    CloseCamera,
    JoinExchange,
    MoveCamera,
    OpenCamera,
    OpenSound,
    SelectRoute,
    SetMicrophone,
)
from device.session.routes import default_route
from device.session.snapshot import Sound, VideoWish
from device.session.table import Phase, Trigger
from device.session.values import EndReason, MediaState
from hal import (
    AudioFault,
    AudioMode,
    AudioUnavailable,
    CameraFault,
    CameraUnavailable,
    Facing,
)


def start(draft: Draft, command: commands.Start) -> None:
    """Ask the exchange in; devices are opened once it has agreed."""
    if draft.snapshot.phase is not Phase.IDLE:
        raise CallInProgress("A call is on already. End it before starting another.")
    settings = command.settings
    no_video = settings.audio_only or settings.start_with_video_muted
    state = MediaState(settings.start_with_audio_muted, no_video or not command.facings)
    facing = command.facings[0] if command.facings else Facing.FRONT
    draft.set(
        settings=settings,
        session_id=command.token.session_id,
        devices=command.devices,
        facings=command.facings,
        facing=facing,
        wanted_facing=facing,
        audio_only=settings.audio_only,
        wanted_camera=not no_video and bool(command.facings),
        muted=settings.start_with_audio_muted,
        wanted_muted=settings.start_with_audio_muted,
        state=state,
    )
    draft.move(Trigger.START)
    draft.do(JoinExchange(command.token, state, settings.audio_only))


def switch_camera(draft: Draft, command: commands.SwitchCamera) -> None:
    """To the other camera; while none is open it is chosen for when one is."""
    draft.need_live()
    now = draft.snapshot
    if now.audio_only:
        raise NotAvailable("This is an audio call. Switch to a video call first.")
    if len(now.facings) < 2:
        raise CameraUnavailable(CameraFault.ONLY_ONE, "This unit has one camera only.")
    other = Facing.REAR if now.wanted_facing is Facing.FRONT else Facing.FRONT
    draft.set(wanted_facing=other)
    if now.wanted_camera and now.camera_open:
        draft.do(MoveCamera(other))


def mute_audio(draft: Draft, command: commands.MuteAudio) -> None:
    """Close or open the microphone's way out."""
    draft.need_live()
    want_muted(draft, command.muted, draft.me.uid)


def toggle_mute(draft: Draft) -> None:
    """The mute button: the opposite of what a person sees, or has just asked for."""
    now = draft.snapshot
    mute_audio(draft, commands.MuteAudio(not now.wanted_muted and now.sound is not Sound.CLOSED))


def want_muted(draft: Draft, muted: bool, by: str) -> None:
    """Mute or unmute in the name of ``by`` (a uid). An unmute opens sound that is not open."""
    now = draft.snapshot
    if not muted and now.sound is Sound.CLOSED:
        route = default_route(now.devices, now.picked_route, now.audio_only)
        if route is None:
            raise AudioUnavailable(AudioFault.ABSENT, "This unit has no sound device connected.")
        draft.set(wanted_muted=False, muted_by=by)
        want_route(draft, route)
    elif now.wanted_muted != muted:
        draft.set(wanted_muted=muted, muted_by=by)
        draft.do(SetMicrophone(muted))


def pause_video(draft: Draft, command: commands.PauseVideo) -> None:
    """Close or open the camera of a video call."""
    draft.need_live()
    now = draft.snapshot
    if now.audio_only and not command.paused:
        raise NotAvailable("This is an audio call. Switch to a video call first.")
    if now.wanted_camera is not command.paused:
        if command.paused:
            lost_camera.forget(draft)
        return
    if command.paused:
        lost_camera.forget(draft)
        draft.set(wanted_camera=False, video_wish=None)
        draft.do(CloseCamera())
    else:
        want_camera(draft)


def set_audio_mode(draft: Draft, command: commands.SetAudioMode) -> None:
    """A person picked a route."""
    draft.need_live()
    if all(device.mode is not command.mode for device in draft.snapshot.devices):
        raise AudioModeUnavailable(f"No {command.mode.value} is connected to this unit.")
    before = draft.snapshot.picked_route
    draft.set(picked_route=command.mode)
    want_route(draft, command.mode, before)


def want_route(draft: Draft, mode: AudioMode, picked_before: AudioMode | None = None) -> None:
    """Move to a route, unless that is under way already; sound that is not open is opened there."""
    now = draft.snapshot
    if now.sound is Sound.CLOSED:
        draft.set(wanted_route=mode, sound=Sound.OPENING)
        draft.do(OpenSound(mode))
    elif now.wanted_route is not mode or now.route_failed:
        draft.set(wanted_route=mode, route_failed=False)
        draft.do(SelectRoute(mode, picked_before))


def set_pip(draft: Draft, pip: bool) -> None:
    """The screen reads it from the snapshot."""
    draft.need_live()
    draft.set(pip=pip)


def switch_to_video_call(draft: Draft, command: commands.SwitchToVideoCall) -> None:
    """Open the own camera, and then ask the others to open theirs."""
    draft.need_live()
    if draft.snapshot.audio_only:
        wish_video(draft, VideoWish.REQUEST)


def accept_video_call(draft: Draft, command: commands.AcceptVideoCall) -> None:
    """Open the own camera because another asked; without a request there is nothing to do."""
    draft.need_live()
    if draft.snapshot.video_requested_by is not None:
        wish_video(draft, VideoWish.ACCEPT)


def wish_video(draft: Draft, wish: VideoWish) -> None:
    """The exchange hears of it once the camera is open; one wish at a time."""
    if draft.snapshot.video_wish is None:
        want_camera(draft)
        draft.set(video_wish=wish)


def want_camera(draft: Draft) -> None:
    """Open the camera. Raises CameraUnavailable(ABSENT)."""
    if not draft.snapshot.facings:
        raise CameraUnavailable(
            CameraFault.ABSENT, "This unit has no camera. Check the ribbon cable."
        )
    lost_camera.forget(draft)
    draft.set(wanted_camera=True)
    draft.do(OpenCamera(draft.snapshot.wanted_facing))


def refuse_recording(draft: Draft, command: object) -> None:
    """Recording has its own piece of work, yet to come."""
    draft.need_live()
    raise NotAvailable("Recording is not available in this release.")


def end_session(draft: Draft, command: commands.EndSession) -> None:
    """Leave. Asked again, or after the end, it is done already."""
    if draft.snapshot.phase is Phase.IDLE:
        draft.need_live()
    draft.end(EndReason.LOCAL_END)
