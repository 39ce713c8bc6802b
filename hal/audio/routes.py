"""Which ALSA device each route is: the table [hardware.alsa] of callbox.toml. Values only.

A device's name may hold ``{usb}``, the card of the first USB loudspeaker, or ``{bluetooth}``, the
headset connected last. Everything else is a name that ``aplay -L`` shows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum

from hal.audio.protocol import AudioMode

USB = "{usb}"
BLUETOOTH = "{bluetooth}"


class Preset(Enum):
    """Hardware whose device names are known. Not yet run on a board."""

    JACK = "jack"
    HDMI = "hdmi"
    USB = "usb"
    WM8960 = "wm8960"
    BLUETOOTH = "bluetooth"


@dataclass(frozen=True, slots=True)
class AlsaRoute:
    """One route. What is empty comes from the preset; a route without ``playback`` is not fitted.

    ``playback``, ``capture``: PCM names; without ``capture`` the microphone is that of another route.
    ``jack``: the name of the input device that tells whether a plug is in (``evtest`` lists them).
    ``mixer``: the control device, else that of the playback's card. ``control`` and
    ``capture_control``: simple mixer controls (``amixer -c CARD scontrols``). The control of the route
    in use is unmuted and those of the others are muted.
    """

    preset: Preset | None = None
    name: str = ""
    playback: str = ""
    capture: str = ""
    jack: str = ""
    mixer: str = ""
    control: str = ""
    capture_control: str = ""
    volume_percent: int | None = None
    capture_volume_percent: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field."""
        for key in ("volume_percent", "capture_volume_percent"):
            value = getattr(self, key)
            if value is not None and not 0 <= value <= 100:
                raise ValueError(f"{key} must be from 0 to 100")

    def filled(self, mode: AudioMode) -> "AlsaRoute":
        """With the values of the preset where this table says nothing."""
        if self.preset is None:
            return self
        preset = (
            _WM8960_HEADPHONES if _is_wm8960_headphones(self.preset, mode) else _OF[self.preset]
        )
        given = {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) not in ("", None)
        }
        return replace(preset, **given)


def _is_wm8960_headphones(preset: Preset, mode: AudioMode) -> bool:
    return preset is Preset.WM8960 and mode is AudioMode.HEADPHONES


# Sources: the card names are those of Raspberry Pi's kernel (bcm2835-audio, vc4-hdmi, the overlay
# wm8960-soundcard); `default:` of HDMI is alsa-lib's cards/vc4-hdmi.conf, which makes IEC 958 frames.
_OF = {
    Preset.JACK: AlsaRoute(name="Jack", playback="plughw:CARD=Headphones,DEV=0", control="PCM"),
    Preset.HDMI: AlsaRoute(name="HDMI", playback="default:CARD=vc4hdmi0"),
    Preset.USB: AlsaRoute(
        playback=f"plughw:CARD={USB},DEV=0",
        capture=f"plughw:CARD={USB},DEV=0",
    ),
    Preset.WM8960: AlsaRoute(
        name="Loudspeaker",
        playback="plughw:CARD=wm8960soundcard,DEV=0",
        capture="plughw:CARD=wm8960soundcard,DEV=0",
        control="Speaker",
        capture_control="Capture",
    ),
    Preset.BLUETOOTH: AlsaRoute(playback=f"bluealsa:{BLUETOOTH}", capture=f"bluealsa:{BLUETOOTH}"),
}
_WM8960_HEADPHONES = replace(_OF[Preset.WM8960], name="Headphones", control="Headphone")


@dataclass(frozen=True, slots=True)
class AlsaConfig:
    """The table [hardware.alsa].

    ``buffer_blocks``: how many blocks of 10 ms wait at the loudspeaker. ``realtime_priority``: of the
    two threads, 1 to 99; 0 is none. A route is fitted when it has a preset or a ``playback``.
    """

    speaker: AlsaRoute = AlsaRoute(Preset.USB)
    earpiece: AlsaRoute = AlsaRoute()
    bluetooth: AlsaRoute = AlsaRoute(Preset.BLUETOOTH)
    headphones: AlsaRoute = AlsaRoute()
    buffer_blocks: int = 4
    realtime_priority: int = 10

    def __post_init__(self) -> None:
        """Raises ValueError, naming the field."""
        if not 2 <= self.buffer_blocks <= 20:
            raise ValueError("alsa.buffer_blocks must be from 2 to 20")
        if not 0 <= self.realtime_priority <= 99:
            raise ValueError("alsa.realtime_priority must be from 0 to 99")

    @property
    def routes(self) -> Mapping[AudioMode, AlsaRoute]:
        """Those that are fitted, with their presets filled in."""
        filled = {mode: getattr(self, mode.value).filled(mode) for mode in AudioMode}
        return {mode: route for mode, route in filled.items() if route.playback}


_CARD = re.compile(r"CARD=([^,\s'\"]+)|^(?:plug)?hw:(?!\w+=)([^,]+)")


def card_of(pcm: str) -> str:
    """The id or number of the card in a PCM's name; empty when the name tells none."""
    found = _CARD.search(pcm)
    return (found[1] or found[2]) if found else ""
