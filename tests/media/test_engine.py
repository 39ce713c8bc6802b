"""Media engines joined by real sockets on loopback: what is seen and heard."""

import numpy as np
import pytest

from device.media.stages import Stage
from device.session.facts import AudioFailed, CameraLost, DevicesChanged, SignalReady
from hal import AudioDevice, AudioMode, AudioUnavailable, CameraFault, CameraUnavailable, Facing
from tests.media.conftest import MakeStation
from tests.media.world import Station, connect, connect_star, until


async def test_two_units_see_and_hear_each_other(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await door.sees("hall")
    await hall.sees("door")
    await door.hears(1000)
    await hall.hears(440)
    shown = door.seen("hall")
    assert shown is not None
    assert shown.facing is Facing.FRONT
    assert not door.failures + hall.failures
    assert door.engine.statistics().peers["hall"].video_packets_sent > 0
    assert set(hall.engine.statistics().stages) == set(Stage)
    assert door.engine.statistics().peers["hall"].pictures.decoded > 0


async def test_each_picture_and_sound_is_encoded_once_for_three_peers(
    new_station: MakeStation,
) -> None:
    door, *others = [
        await new_station(uid, tone_hz)
        for uid, tone_hz in (("door", 300), ("b", 500), ("c", 700), ("d", 900))
    ]
    await connect_star(door, *others)  # twelve links of a mesh are too much for one process
    for other in others:
        await other.sees("door")
    before = door.engine.statistics()
    goal = door.camera.encoded_frames + 30
    await until(lambda: door.camera.encoded_frames >= goal)
    now = door.engine.statistics()
    assert door.camera.encoded_frames - now.video_frames_encoded in (0, 1, 2)
    sounds = now.audio_packets_encoded - before.audio_packets_encoded
    sent = [
        now.peers[uid].voice_packets_sent - before.peers[uid].voice_packets_sent
        for uid in now.peers
    ]
    assert len(sent) == 3
    assert all(abs(one - sounds) <= 3 for one in sent), "each packet once to each peer"
    cut = now.video_frames_cut - before.video_frames_cut
    assert cut == now.video_frames_encoded - before.video_frames_encoded, "once for all peers"
    assert not [failure for station in (door, *others) for failure in station.failures]


async def test_everybody_is_heard_at_once(new_station: MakeStation) -> None:
    stations = [await new_station(uid, hz) for uid, hz in (("a", 400), ("b", 700), ("c", 1000))]
    await connect(*stations)

    def hears_both() -> bool:
        heard = stations[0].heard()
        if len(heard) < 24_000:
            return False
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        power = {hz: spectrum[hz // 2 - 2 : hz // 2 + 3].max() for hz in (400, 700, 1000, 1300)}
        return min(power[700], power[1000]) > 20 * max(power[400], power[1300])

    await until(hears_both)


@pytest.mark.spec("4.mute_audio")
async def test_mute_is_silence_at_the_other_end(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.hears(440)
    packets = hall.engine.statistics().peers["door"].voice_packets_received
    await door.engine.set_microphone_muted(True)
    await hall.hears_nothing()
    assert hall.engine.statistics().peers["door"].voice_packets_received > packets, (
        "silence is sent"
    )
    await door.engine.set_microphone_muted(False)
    await hall.hears(440)


@pytest.mark.spec("2.start_with_audio_muted")
async def test_muted_from_the_start(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    await door.engine.set_microphone_muted(True)
    await connect(door, hall)
    await until(lambda: hall.engine.statistics().peers["door"].voice_packets_received > 11)
    assert not hall.heard(10).any()


@pytest.mark.spec("4.pause_video")
async def test_pause_closes_the_camera_and_sends_nothing(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    await door.engine.close_camera()
    assert not door.camera.is_open
    sent = door.engine.statistics().peers["hall"].video_packets_sent
    await hall.hears(440)  # the sound goes on
    await door.sees("hall")
    assert door.engine.statistics().peers["hall"].video_packets_sent == sent
    await door.engine.open_camera(Facing.FRONT)
    await hall.sees("door")


@pytest.mark.spec("4.switch_camera")
async def test_camera_switch_needs_no_negotiation(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    await hall.sees("door")
    signals = len(door.told(SignalReady)) + len(hall.told(SignalReady))
    keyframes = door.engine.statistics().video_keyframes
    await door.engine.switch_camera(Facing.REAR)

    def shows_rear() -> bool:
        shown = hall.seen("door")
        return shown is not None and shown.facing is Facing.REAR

    await until(shows_rear)
    assert len(door.told(SignalReady)) + len(hall.told(SignalReady)) == signals
    assert door.engine.statistics().video_keyframes > keyframes
    await hall.hears(440)


async def test_camera_switch_that_cannot_be(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    door.camera.sensors.unplug(Facing.REAR)
    with pytest.raises(CameraUnavailable) as refused:
        await door.engine.switch_camera(Facing.REAR)
    assert refused.value.reason is CameraFault.ONLY_ONE
    await hall.sees("door")


async def test_who_comes_late_sees_at_once(new_station: MakeStation) -> None:
    """A keyframe every 10 s, unless one is asked for: 3 s show that it was."""
    door = await new_station("door", 440)
    await until(lambda: door.camera.encoded_frames > 15)
    hall = await new_station("hall", 1000)
    await connect(door, hall)
    await until(lambda: hall.pictures("door") > 0, within_s=3)
    assert door.engine.statistics().keyframes_made >= 1


async def test_lost_camera_is_reported(pair: tuple[Station, Station]) -> None:
    door, _ = pair
    door.camera.sensors.unplug(Facing.FRONT)
    await door.wait_fact(lambda fact: isinstance(fact, CameraLost))
    (lost,) = door.told(CameraLost)
    assert isinstance(lost, CameraLost)
    assert lost.error.reason is CameraFault.DISCONNECTED


@pytest.mark.spec("4.set_audio_mode")
async def test_sound_moves_to_another_route(pair: tuple[Station, Station]) -> None:
    door, _ = pair
    await door.hears(1000)
    door.audio.plug(AudioDevice(AudioMode.HEADPHONES, "Headphones", has_microphone=False))
    await door.wait_fact(lambda fact: isinstance(fact, DevicesChanged))
    assert door.engine.devices[-1].mode is AudioMode.HEADPHONES
    await door.engine.select_route(AudioMode.HEADPHONES)
    await until(lambda: len(door.audio.played(AudioMode.HEADPHONES)) > 0)
    with pytest.raises(AudioUnavailable):
        await door.engine.select_route(AudioMode.BLUETOOTH)
    assert door.audio.selected is AudioMode.HEADPHONES
    door.audio.unplug(AudioMode.HEADPHONES)
    await door.wait_fact(lambda fact: isinstance(fact, AudioFailed))
