"""How a call is to be. Checked when it is made, frozen from then on."""

from dataclasses import dataclass, field
from enum import Enum

from device.errors import InvalidSettings
from device.session.checking import check_types
from device.session.events import METHODS
from device.session.listener import CallListener
from hal import AudioMode


class Mode(Enum):
    """How the participants share the screen."""

    DEFAULT = "default"
    SPOTLIGHT = "spotlight"
    SINGLE = "single"


class AvatarMode(Enum):
    """What a tile shows while its video is off."""

    CIRCLE = "circle"
    SQUARE = "square"
    FULLSCREEN = "fullscreen"


class AspectRatio(Enum):
    """CONTAIN shows the whole picture, COVER fills the tile."""

    CONTAIN = "contain"
    COVER = "cover"


class Corner(Enum):
    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


@dataclass(frozen=True, slots=True)
class CornerItem:
    """One item over the main video. Items in one corner sit side by side."""

    visible: bool = True
    corner: Corner = Corner.BOTTOM_RIGHT

    def __post_init__(self) -> None:
        check_types(self)


@dataclass(frozen=True, slots=True)
class MainVideoContainer:
    """The main video and what lies over it."""

    aspect_ratio: AspectRatio = AspectRatio.CONTAIN
    full_screen_button: CornerItem = CornerItem()
    name_label: CornerItem = CornerItem(corner=Corner.BOTTOM_LEFT)
    zoom_button: CornerItem = CornerItem()
    participant_list_button: CornerItem = CornerItem()
    network_label: CornerItem = CornerItem()

    def __post_init__(self) -> None:
        check_types(self)


def _is_listener(thing: object) -> bool:
    """Any object with some of the methods will do; a class is not one yet."""
    if isinstance(thing, type):
        return False
    return any(callable(getattr(thing, name, None)) for name in METHODS.values())


IDLE_TIMEOUT_MAXIMUM_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """Everything that can be chosen about a call before it starts.

    Raises InvalidSettings, naming the field, on a wrong type, a value out of range, or a
    contradiction. ``mode`` None means SPOTLIGHT, or SINGLE with ``single_mode``.
    ``idle_timeout_s`` 0 turns the idle end off. ``accept_video_by_itself``: another's wish to turn
    the audio call into a video call opens this unit's camera without asking.
    """

    default_layout: bool = True
    audio_only: bool = False
    listener: CallListener | None = field(default=None, compare=False)
    mode: Mode | None = None
    single_mode: bool = False
    avatar_mode: AvatarMode = AvatarMode.CIRCLE
    default_audio_mode: AudioMode | None = None
    start_with_audio_muted: bool = False
    start_with_video_muted: bool = False
    show_end_call_button: bool = True
    show_switch_camera_button: bool = True
    show_mute_audio_button: bool = True
    show_pause_video_button: bool = True
    show_audio_mode_button: bool = True
    show_switch_to_video_call_button: bool = True
    show_recording_button: bool = False
    start_recording_on_call_start: bool = False
    enable_video_tile_click: bool = True
    enable_video_tile_drag: bool = True
    main_video_container: MainVideoContainer = MainVideoContainer()
    idle_timeout_s: float = 180.0
    end_button_ends_call: bool = True
    accept_video_by_itself: bool = False

    def __post_init__(self) -> None:
        check_types(self, passed_over=("listener",))
        if self.listener is not None and not _is_listener(self.listener):
            raise InvalidSettings("listener", "has none of the methods of CallListener")
        if not 0 <= self.idle_timeout_s <= IDLE_TIMEOUT_MAXIMUM_S:
            raise InvalidSettings(
                "idle_timeout_s", f"must be 0 (off) to {IDLE_TIMEOUT_MAXIMUM_S} seconds"
            )
        if self.single_mode and self.mode not in (None, Mode.SINGLE):
            raise InvalidSettings("single_mode", f"contradicts mode={self.mode}; give one of them")
        if self.start_recording_on_call_start:
            raise InvalidSettings(
                "start_recording_on_call_start", "recording is not available in this release"
            )

    @property
    def layout(self) -> Mode:
        """The mode in force."""
        return self.mode or (Mode.SINGLE if self.single_mode else Mode.SPOTLIGHT)
