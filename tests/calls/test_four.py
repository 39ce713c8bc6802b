"""Four units in one session: each encodes once, whatever the number of the others."""

from collections.abc import AsyncIterator

import pytest

from tests.media.world import Station, connect, until


@pytest.fixture
async def four() -> AsyncIterator[list[Station]]:
    stations = [Station(uid, tone) for uid, tone in zip("abcd", (400, 600, 900, 1300), strict=True)]
    for station in stations:
        await station.open()
    yield stations
    for station in stations:
        await station.close()


async def test_four_units_encode_once_each(four: list[Station]) -> None:
    await connect(*four)
    await until(lambda: all(len(seen_by(station)) == 3 for station in four))
    before = [(s.camera.encoded_frames, s.engine.statistics()) for s in four]
    for station, (frames, counted) in zip(four, before, strict=True):
        await until(lambda s=station, f=frames: s.camera.encoded_frames >= f + 15)
        now = station.engine.statistics()
        frames_sent = now.video_frames_encoded - counted.video_frames_encoded
        # Each invocation of the encoder is one frame of the hub, sent to three peers.
        assert abs(station.camera.encoded_frames - frames - frames_sent) <= 2
        packets = now.audio_packets_encoded - counted.audio_packets_encoded
        assert packets <= frames_sent / 15 * 50 * 1.5 + 50
    print([(s.camera.encoded_frames, s.engine.statistics().audio_packets_encoded) for s in four])


def seen_by(station: Station) -> list[str]:
    return [uid for uid in station.others if station.engine.latest_frame(uid) is not None]
