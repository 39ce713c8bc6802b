"""Which routes there are, from the cards, headsets and jacks that there are."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hal import AudioDevice, AudioMode
from hal.audio.cards import SoundCard, sound_cards
from hal.audio.presence import Headset, PresentRoute, in_order, present_routes
from hal.audio.routes import AlsaConfig, AlsaRoute, Preset, card_of
from hal.audio.watch import RouteWatch

JACK = SoundCard(0, "Headphones", "bcm2835 Headphones", is_usb=False, plays=True, captures=False)
HDMI = SoundCard(1, "vc4hdmi0", "vc4-hdmi-0", is_usb=False, plays=True, captures=False)
WEBCAM = SoundCard(2, "C920", "HD Pro Webcam", is_usb=True, plays=False, captures=True)
PUCK = SoundCard(3, "PowerConf", "Anker PowerConf", is_usb=True, plays=True, captures=True)
HAT = SoundCard(4, "wm8960soundcard", "wm8960-soundcard", is_usb=False, plays=True, captures=True)
HEADSET = Headset("AA:BB:CC:DD:EE:01", "Voyager", has_microphone=True)
LOUDSPEAKER = Headset("AA:BB:CC:DD:EE:02", "Boombox", has_microphone=False)


def present(
    config: AlsaConfig, *things: SoundCard | Headset, plugged: bool = False, lost: str = ""
) -> dict[AudioMode, PresentRoute]:
    cards = [thing for thing in things if isinstance(thing, SoundCard)]
    headsets = [thing for thing in things if isinstance(thing, Headset)]
    return present_routes(config.routes, cards, headsets, lambda jack: plugged, {lost})


def test_out_of_the_box_a_usb_speakerphone_and_a_headset_are_used() -> None:
    found = present(AlsaConfig(), JACK, HDMI, WEBCAM, PUCK, HEADSET)
    assert set(found) == {AudioMode.SPEAKER, AudioMode.BLUETOOTH}
    speaker, bluetooth = found[AudioMode.SPEAKER], found[AudioMode.BLUETOOTH]
    assert speaker.device == AudioDevice(AudioMode.SPEAKER, "Anker PowerConf", True)
    assert speaker.route.playback == speaker.route.capture == "plughw:CARD=PowerConf,DEV=0"
    assert bluetooth.device == AudioDevice(AudioMode.BLUETOOTH, "Voyager", True)
    assert bluetooth.route.capture == "bluealsa:DEV=AA:BB:CC:DD:EE:01,PROFILE=sco"


def test_without_either_there_is_nothing() -> None:
    assert not present(AlsaConfig(), JACK, HDMI, WEBCAM)


def test_a_loudspeaker_by_bluetooth_has_no_microphone() -> None:
    bluetooth = present(AlsaConfig(), HEADSET, LOUDSPEAKER)[AudioMode.BLUETOOTH]
    assert bluetooth.device == AudioDevice(AudioMode.BLUETOOTH, "Boombox", False)
    assert bluetooth.route.playback == "bluealsa:DEV=AA:BB:CC:DD:EE:02,PROFILE=a2dp"


@pytest.mark.parametrize(
    ("preset", "card", "control"),
    [
        (Preset.JACK, JACK, "PCM"),
        (Preset.HDMI, HDMI, ""),
        (Preset.USB, PUCK, ""),
        (Preset.WM8960, HAT, "Speaker"),
    ],
)
def test_each_preset_is_there_with_its_card_and_only_then(
    preset: Preset, card: SoundCard, control: str
) -> None:
    config = AlsaConfig(speaker=AlsaRoute(preset))
    assert AudioMode.SPEAKER not in present(config)
    speaker = present(config, card)[AudioMode.SPEAKER]
    assert speaker.route.control == control
    assert speaker.route.mixer == f"hw:CARD={card.id}"
    assert speaker.device.has_microphone is card.captures


def test_a_hats_headphones_are_the_same_device_with_another_control() -> None:
    config = AlsaConfig(speaker=AlsaRoute(Preset.WM8960), headphones=AlsaRoute(Preset.WM8960))
    found = present(config, HAT)
    speaker, headphones = found[AudioMode.SPEAKER].route, found[AudioMode.HEADPHONES].route
    assert speaker.playback == headphones.playback
    assert (speaker.control, headphones.control) == ("Speaker", "Headphone")


def test_what_a_table_says_goes_before_its_preset() -> None:
    route = AlsaRoute(Preset.JACK, capture="plughw:CARD={usb}", volume_percent=70)
    speaker = present(AlsaConfig(speaker=route), JACK, PUCK)[AudioMode.SPEAKER]
    assert speaker.route.playback == "plughw:CARD=Headphones,DEV=0"
    assert speaker.route.capture == "plughw:CARD=PowerConf"
    assert speaker.route.volume_percent == 70


def test_a_missing_microphone_leaves_the_route() -> None:
    route = AlsaRoute(Preset.JACK, capture="plughw:CARD={usb}")
    speaker = present(AlsaConfig(speaker=route), JACK)[AudioMode.SPEAKER]
    assert speaker.device == AudioDevice(AudioMode.SPEAKER, "Jack", False)


def test_a_jack_counts_when_a_plug_is_in() -> None:
    config = AlsaConfig(headphones=AlsaRoute(playback="plughw:CARD=Headphones", jack="Jack"))
    assert AudioMode.HEADPHONES not in present(config, JACK)
    assert AudioMode.HEADPHONES in present(config, JACK, plugged=True)


def test_a_lost_device_takes_its_route_and_its_microphone() -> None:
    config = AlsaConfig(
        speaker=AlsaRoute(playback="one", capture="other"), earpiece=AlsaRoute(playback="other")
    )
    assert set(present(config, lost="one")) == {AudioMode.EARPIECE}
    assert not present(config, lost="other")[AudioMode.SPEAKER].device.has_microphone


@pytest.mark.parametrize(
    ("pcm", "card"),
    [
        ("plughw:CARD=Headphones,DEV=0", "Headphones"),
        ("default:CARD=vc4hdmi0", "vc4hdmi0"),
        ("hw:1,0", "1"),
        ("plug:'dsnoop:CARD=Device'", "Device"),
        ("plug:'dmix:CARD=Device,DEV=0'", "Device"),
        ("plughw:Zero", "Zero"),
        ("default", ""),
        ("bluealsa:DEV=AA:BB:CC:DD:EE:FF,PROFILE=sco", ""),
        ("", ""),
    ],
)
def test_the_card_of_a_device(pcm: str, card: str) -> None:
    assert card_of(pcm) == card


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"volume_percent": 101}, "volume_percent"),
        ({"capture_volume_percent": -1}, "capture_volume_percent"),
    ],
)
def test_a_volume_that_cannot_be_is_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AlsaRoute(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"buffer_blocks": 1}, {"realtime_priority": 100}])
def test_a_buffer_or_priority_that_cannot_be_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        AlsaConfig(**changes)  # type: ignore[arg-type]


DEVICES = st.dictionaries(
    st.sampled_from(AudioMode), st.tuples(st.sampled_from(["a", "b"]), st.booleans())
)


@given(st.lists(DEVICES, max_size=8))
def test_the_latest_connected_is_last(history: list[dict[AudioMode, tuple[str, bool]]]) -> None:
    order: tuple[AudioDevice, ...] = ()
    for step in history:
        before = order
        now = {
            mode: PresentRoute(AudioDevice(mode, *shape), AlsaRoute())
            for mode, shape in step.items()
        }
        order = in_order(before, now)
        assert {device.mode for device in order} == set(now)
        stayed = [device for device in before if device in order]
        assert list(order[: len(stayed)]) == stayed


def test_a_look_at_the_devices_hides_no_change_from_those_who_watch(tmp_path: Path) -> None:
    watch = RouteWatch(AlsaConfig().routes, root=tmp_path)
    first: list[tuple[AudioDevice, ...]] = []
    second: list[tuple[AudioDevice, ...]] = []
    stop_first = watch.watch(first.append)
    write_card(tmp_path, 3, "PowerConf", "Anker PowerConf", ["pcmC3D0p", "pcmC3D0c"], usb=True)
    assert watch.devices == (AudioDevice(AudioMode.SPEAKER, "Anker PowerConf", True),)
    stop_second = watch.watch(second.append)
    watch.changed()
    assert first == [watch.devices]
    assert second == []
    stop_first()
    stop_second()


def test_cards_are_read_from_the_kernel(tmp_path: Path) -> None:
    write_card(tmp_path, 0, "Headphones", "bcm2835 Headphones", ["pcmC0D0p"])
    write_card(tmp_path, 3, "PowerConf", "Anker PowerConf", ["pcmC3D0p", "pcmC3D0c"], usb=True)
    assert sound_cards(tmp_path) == (JACK, PUCK)


def test_a_card_whose_device_files_are_not_there_yet_cannot_be_used(tmp_path: Path) -> None:
    write_card(tmp_path, 0, "Headphones", "bcm2835 Headphones", [])
    (card,) = sound_cards(tmp_path)
    assert not card.plays


def test_a_machine_without_sound_has_no_cards(tmp_path: Path) -> None:
    assert sound_cards(tmp_path) == ()
    write_text(tmp_path / "proc/asound/cards", "--- no soundcards ---\n")
    assert sound_cards(tmp_path) == ()


def write_card(
    root: Path, number: int, name: str, title: str, pcms: list[str], usb: bool = False
) -> None:
    """As the kernel shows it (sound/core/init.c)."""
    cards = root / "proc/asound/cards"
    text = cards.read_text() if cards.exists() else ""
    line = f"{number:2} [{name:<15}]: driver - {title}\n                      {title}\n"
    write_text(cards, text + line)
    for pcm in pcms:
        write_text(root / "dev/snd" / pcm, "")
    if usb:
        write_text(root / f"proc/asound/card{number}/usbid", "291a:3301\n")


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
