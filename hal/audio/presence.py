"""Which of the configured routes can be used right now. Pure."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from hal.audio.cards import SoundCard
from hal.audio.protocol import AudioDevice, AudioMode
from hal.audio.routes import BLUETOOTH, USB, AlsaRoute, card_of


@dataclass(frozen=True, slots=True)
class Headset:
    """A Bluetooth device whose sound is ready. ``has_microphone``: by HFP or HSP; else A2DP."""

    address: str
    name: str
    has_microphone: bool

    @property
    def pcm_arguments(self) -> str:
        """For bluez-alsa's PCM ``bluealsa``."""
        return f"DEV={self.address},PROFILE={'sco' if self.has_microphone else 'a2dp'}"


@dataclass(frozen=True, slots=True)
class PresentRoute:
    """A route that can be opened. ``route`` has whole device names; ``capture`` may be empty."""

    device: AudioDevice
    route: AlsaRoute


def present_routes(
    routes: Mapping[AudioMode, AlsaRoute],
    cards: Sequence[SoundCard],
    headsets: Sequence[Headset],
    is_plugged: Callable[[str], bool],
    lost: Container[str] = (),
) -> dict[AudioMode, PresentRoute]:
    """``headsets``: latest last. ``is_plugged``: whether the jack of that name has a plug in.
    ``lost``: PCMs that failed when they were last used."""
    found = (
        _present(mode, route, cards, headsets, lost)
        for mode, route in routes.items()
        if not route.jack or is_plugged(route.jack)
    )
    return {present.device.mode: present for present in found if present is not None}


def _present(
    mode: AudioMode,
    route: AlsaRoute,
    cards: Sequence[SoundCard],
    headsets: Sequence[Headset],
    lost: Container[str],
) -> PresentRoute | None:
    headset = headsets[-1] if headsets else None
    usb = next((card for card in cards if card.is_usb and card.plays), None)
    playback = _whole(route.playback, usb, headset)
    capture = _whole(route.capture, usb, headset)
    if playback is None or playback in lost or not _is_there(playback, cards, _plays):
        return None
    if BLUETOOTH in route.capture and headset is not None and not headset.has_microphone:
        capture = ""
    if capture is None or capture in lost or not _is_there(capture, cards, _captures):
        capture = ""
    name = route.name or _name(mode, route.playback, playback, cards, headset)
    card = card_of(playback)
    mixer = route.mixer or (f"hw:CARD={card}" if card else "")
    whole = replace(route, playback=playback, capture=capture, mixer=mixer)
    return PresentRoute(AudioDevice(mode, name, has_microphone=bool(capture)), whole)


def _whole(pcm: str, usb: SoundCard | None, headset: Headset | None) -> str | None:
    """The name with its placeholders filled in; None when there is nothing to fill them with."""
    if (USB in pcm and usb is None) or (BLUETOOTH in pcm and headset is None):
        return None
    pcm = pcm.replace(USB, usb.id) if usb else pcm
    return pcm.replace(BLUETOOTH, headset.pcm_arguments) if headset else pcm


_plays, _captures = attrgetter("plays"), attrgetter("captures")


def _is_there(pcm: str, cards: Iterable[SoundCard], can: Callable[[SoundCard], bool]) -> bool:
    """A PCM that names no card (``default``, one of asound.conf) is taken to be there."""
    wanted = card_of(pcm)
    return not wanted or any(can(card) for card in cards if wanted in (card.id, str(card.number)))


def _name(
    mode: AudioMode,
    configured: str,
    playback: str,
    cards: Iterable[SoundCard],
    headset: Headset | None,
) -> str:
    if BLUETOOTH in configured and headset is not None:
        return headset.name
    wanted = card_of(playback)
    names = [card.name for card in cards if wanted in (card.id, str(card.number))]
    return names[0] if wanted and names else mode.value.capitalize()


def in_order(
    before: Sequence[AudioDevice], present: Mapping[AudioMode, PresentRoute]
) -> tuple[AudioDevice, ...]:
    """Those that stayed in the order they had, then the new ones: latest connected last."""
    now = {mode: found.device for mode, found in present.items()}
    stayed = [now[device.mode] for device in before if now.get(device.mode) == device]
    return (*stayed, *(device for device in now.values() if device not in stayed))
