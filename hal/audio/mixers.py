"""Volume and mute, by simple mixer controls. The only place that imports pyalsaaudio."""

import logging
from collections.abc import Callable
from typing import Any

from hal.errors import UnknownBackend

try:
    import alsaaudio
except ImportError as missing:
    raise UnknownBackend(
        f"[hardware] audio = 'alsa' needs pyalsaaudio and libasound ({missing}). "
        "sudo apt-get install libasound2-dev gcc python3-dev; then, in callbox's folder: "
        ".venv/bin/pip install -e '.[pi]'. Off a board, set audio = 'simulated'."
    ) from missing

logger = logging.getLogger(__name__)


def set_playback_control(mixer: str, control: str, muted: bool, volume_percent: int | None) -> None:
    """Mute or unmute a simple mixer control, and set its volume. What cannot be is logged."""

    def change(opened: Any) -> None:
        if volume_percent is not None and not muted:
            opened.setvolume(volume_percent, pcmtype=alsaaudio.PCM_PLAYBACK)
        if "Playback Mute" in opened.switchcap():
            opened.setmute(muted)

    _with_control(mixer, control, change)


def set_capture_control(mixer: str, control: str, volume_percent: int | None) -> None:
    """Let a microphone's control through, and set its gain. What cannot be is logged."""

    def change(opened: Any) -> None:
        if volume_percent is not None:
            opened.setvolume(volume_percent, pcmtype=alsaaudio.PCM_CAPTURE)
        if "Capture Mute" in opened.switchcap():
            opened.setrec(1)

    _with_control(mixer, control, change)


def _with_control(mixer: str, control: str, change: Callable[[Any], None]) -> None:
    try:
        opened = alsaaudio.Mixer(control=control, device=mixer)
        try:
            change(opened)
        finally:
            opened.close()
    except alsaaudio.ALSAAudioError as error:
        logger.warning(
            "The volume of %s on %s cannot be set (%s). `amixer -D %s scontrols` lists the controls.",
            control,
            mixer,
            error,
            mixer,
        )
