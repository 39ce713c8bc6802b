"""Which route a call uses when nobody chose one. Pure."""

from hal import AudioDevice, AudioMode

_PERSONAL = (AudioMode.HEADPHONES, AudioMode.BLUETOOTH)


def default_route(
    devices: tuple[AudioDevice, ...], picked: AudioMode | None, audio_only: bool
) -> AudioMode | None:
    """The route for the devices present (latest connected last); None when there is none at all.

    What a person picked, while it is there; else headphones or Bluetooth, the one connected last;
    else the loudspeaker, or the earpiece in an audio call; else whatever there is.
    """
    present = [device.mode for device in devices]
    if picked in present:
        return picked
    personal = [mode for mode in present if mode in _PERSONAL]
    if personal:
        return personal[-1]
    built_in = (AudioMode.SPEAKER, AudioMode.EARPIECE)
    for mode in reversed(built_in) if audio_only else built_in:
        if mode in present:
            return mode
    return present[-1] if present else None
