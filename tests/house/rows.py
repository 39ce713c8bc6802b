"""The rows of the call session's specification, each with the issue that owns it.

``HERE`` rows must have a test; the others say which piece of work brings them. Written from sections
1 to 4, 6 and 8 of the specification; the marker ``spec("<row>")`` on a test names one.
"""

HERE = "tested"
SCREEN = "comes with the screen"
RECORDING = "comes with recording"

_SETTINGS = {
    "default_layout": SCREEN,
    "audio_only": HERE,
    "listener": HERE,
    "mode": SCREEN,
    "single_mode": HERE,
    "avatar_mode": SCREEN,
    "default_audio_mode": HERE,
    "start_with_audio_muted": HERE,
    "start_with_video_muted": HERE,
    "show_end_call_button": SCREEN,
    "show_switch_camera_button": SCREEN,
    "show_mute_audio_button": SCREEN,
    "show_pause_video_button": SCREEN,
    "show_audio_mode_button": SCREEN,
    "show_switch_to_video_call_button": SCREEN,
    "show_recording_button": SCREEN,
    "start_recording_on_call_start": RECORDING,
    "enable_video_tile_click": SCREEN,
    "enable_video_tile_drag": SCREEN,
    "main_video_container": SCREEN,
    "idle_timeout_s": HERE,
    "second_start": HERE,
    "frozen": HERE,
    "invalid": HERE,
}

_EVENTS = (
    "on_call_ended",
    "on_session_ended",
    "on_session_timeout",
    "on_session_timeout_warning",
    "on_call_end_button_pressed",
    "on_user_joined",
    "on_user_left",
    "on_user_list_changed",
    "on_audio_mode_changed",
    "on_call_switched_to_video",
    "on_user_muted",
    "on_video_paused",
    "on_connection_lost",
    "on_connection_restored",
    "on_error",
    "listeners",
    "order",
)

_METHODS = (
    "switch_camera",
    "mute_audio",
    "pause_video",
    "set_audio_mode",
    "switch_to_video_call",
    "end_session",
    "stay",
    "not_in_session",
    "repeat",
)

_RINGING = (
    "accept_call",
    "reject_call",
    "cancel_call",
    "unanswered",
    "end_call",
    "busy",
    "crossed",
    "refusals",
    "group",
    "get_active_call",
    "clear_active_call",
)

ROWS: dict[str, str] = {
    **{
        f"1.{name}": HERE
        for name in ("generate_token", "content", "lifetime", "refused", "session_id")
    },
    **{f"2.{name}": owner for name, owner in _SETTINGS.items()},
    **{f"3.{name}": HERE for name in _EVENTS},
    "3.on_user_muted_by_a_moderator": HERE,
    "3.on_recording_toggled": RECORDING,
    **{f"4.{name}": HERE for name in _METHODS},
    "4.enter_pip_mode": SCREEN,
    "4.exit_pip_mode": SCREEN,
    "4.start_recording": RECORDING,
    "4.stop_recording": RECORDING,
    **{f"6.{name}": HERE for name in ("idle", "warning", "timeout", "clock")},
    "6.warning_shown": SCREEN,
    **{f"8.{name}": HERE for name in _RINGING},
    "8.call_log": HERE,
    "8.call_log_recordings": RECORDING,
}
