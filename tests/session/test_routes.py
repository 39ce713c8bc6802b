"""Section 2, default audio mode: which route is used when nobody chose one."""

import pytest

from device.session.facts import DevicesChanged
from device.session.routes import default_route
from hal import AudioDevice, AudioMode
from tests.session.fakes import BLUETOOTH, EARPIECE, HEADPHONES, SPEAKER, World


@pytest.mark.spec("2.default_audio_mode")
@pytest.mark.parametrize(
    ("devices", "picked", "audio_only", "expected"),
    [
        ((EARPIECE, SPEAKER), None, False, AudioMode.SPEAKER),
        ((EARPIECE, SPEAKER), None, True, AudioMode.EARPIECE),
        ((SPEAKER,), None, True, AudioMode.SPEAKER),
        ((SPEAKER, HEADPHONES, BLUETOOTH), None, False, AudioMode.BLUETOOTH),
        ((SPEAKER, BLUETOOTH, HEADPHONES), None, True, AudioMode.HEADPHONES),
        ((SPEAKER, HEADPHONES), AudioMode.SPEAKER, False, AudioMode.SPEAKER),
        ((SPEAKER, HEADPHONES), AudioMode.BLUETOOTH, False, AudioMode.HEADPHONES),
        ((), None, False, None),
    ],
)
def test_the_policy(
    devices: tuple[AudioDevice, ...],
    picked: AudioMode | None,
    audio_only: bool,
    expected: AudioMode | None,
) -> None:
    assert default_route(devices, picked, audio_only) is expected


@pytest.mark.spec("2.default_audio_mode")
async def test_what_a_person_picked_stays_until_it_goes(world: World) -> None:
    call = await world.start()
    await call.set_audio_mode(AudioMode.EARPIECE)
    world.media.report(DevicesChanged((EARPIECE, SPEAKER, HEADPHONES)))
    await world.settle()
    assert call.snapshot.route is AudioMode.EARPIECE
    world.media.report(DevicesChanged((SPEAKER, HEADPHONES)))
    await world.settle()
    assert call.snapshot.route is AudioMode.HEADPHONES
