"""What ought to move in a call as it stands; and that in a real call it does."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from device.media.picture.decoder import DecoderThread
from device.media.rtc.lean_sender import LeanSender
from device.media.statistics import MediaStatistics
from device.service.reading import reading_of, words_of
from device.service.standstill import Flow, Part, Reading, Standstill, StandstillWatch
from device.session.snapshot import Link, Peer, Snapshot, Sound
from device.session.table import Phase
from device.session.values import MediaState, Participant
from hal import BLOCK_SAMPLES, AudioMode, Facing
from tests.media.world import Station, until

PEER = Peer(Participant("hall", "Hall"), MediaState(), False, Link.UP)
CALL = Snapshot(
    phase=Phase.ACTIVE,
    peers=(PEER,),
    sound=Sound.OPEN,
    route=AudioMode.SPEAKER,
    wanted_route=AudioMode.SPEAKER,
    camera_open=True,
    wanted_camera=True,
)
ALL = {
    Flow(Part.CAMERA),
    Flow(Part.MICROPHONE),
    Flow(Part.LOUDSPEAKER),
    Flow(Part.SENDER, "hall", 1),
    Flow(Part.DECODER, "hall", 1),
}


def moved(before: Reading, now: Reading) -> set[Flow]:
    return {flow for flow in before if now[flow].done > before[flow].done}


async def test_everything_moves_in_a_call(pair: tuple[Station, Station]) -> None:
    door, _ = pair
    before = reading_of(CALL, door.engine.statistics())
    assert before.keys() == ALL
    await until(lambda: moved(before, reading_of(CALL, door.engine.statistics())) == ALL)


async def test_a_loudspeaker_that_takes_nothing_stands_still_though_its_sound_is_mixed(
    pair: tuple[Station, Station],
) -> None:
    door, _ = pair
    door.audio.fail_now()
    loudspeaker = Flow(Part.LOUDSPEAKER)
    voice = door.engine.statistics().peers["hall"].voice.played_samples
    before = reading_of(CALL, door.engine.statistics())[loudspeaker]
    await until(
        lambda: (
            door.engine.statistics().peers["hall"].voice.played_samples > voice + 20 * BLOCK_SAMPLES
        )
    )
    now = reading_of(CALL, door.engine.statistics())[loudspeaker]
    assert now.done <= before.done + 1


@pytest.mark.parametrize(
    ("call", "left_out"),
    [
        (replace(CALL, phase=Phase.CONNECTING), ALL),
        (replace(CALL, phase=Phase.ENDED), ALL),
        (replace(CALL, phase=Phase.RECONNECTING), set()),
        (replace(CALL, camera_open=False), {Part.CAMERA, Part.SENDER}),
        (replace(CALL, wanted_camera=False), {Part.CAMERA, Part.SENDER}),
        (replace(CALL, wanted_facing=Facing.REAR), {Part.CAMERA, Part.SENDER}),
        (replace(CALL, sound=Sound.OPENING), {Part.MICROPHONE, Part.LOUDSPEAKER}),
        (replace(CALL, route=None), {Part.MICROPHONE, Part.LOUDSPEAKER}),
        (replace(CALL, wanted_route=AudioMode.EARPIECE), {Part.MICROPHONE, Part.LOUDSPEAKER}),
        (replace(CALL, peers=(replace(PEER, link=Link.LOST),)), {Part.SENDER, Part.DECODER}),
        (replace(CALL, peers=()), {Part.SENDER, Part.DECODER}),
    ],
)
async def test_what_need_not_move(
    pair: tuple[Station, Station], call: Snapshot, left_out: set[object]
) -> None:
    flows = reading_of(call, pair[0].engine.statistics()).keys()
    assert flows == {flow for flow in ALL if flow not in left_out and flow.part not in left_out}


class Looks:
    """Looks at a station two seconds apart, by a clock that goes on when something more was fed."""

    def __init__(self, station: Station, fed: Callable[[MediaStatistics], int]) -> None:
        self._station = station
        self._fed = fed
        self._watch = StandstillWatch(after_s=8.0)
        self._looks = 0
        self._seen = -1

    def look(self) -> Standstill | None:
        statistics = self._station.engine.statistics()
        before, self._seen = self._seen, self._fed(statistics)
        if self._seen == before:
            return None
        self._looks += 1
        return self._watch.look(reading_of(CALL, statistics), 2.0 * self._looks)

    async def find(self) -> Flow:
        """What stands still."""
        found: list[Standstill] = []

        def is_found() -> bool:
            standstill = self.look()
            if standstill is not None:
                found.append(standstill)
            return bool(found)

        await until(is_found)
        return found[0].flow


def given_to_decoder(statistics: MediaStatistics) -> int:
    return statistics.peers["hall"].pictures.decoder_given


async def test_a_camera_that_hangs_is_found(pair: tuple[Station, Station]) -> None:
    door, _ = pair
    door.camera.sensors.go_silent(Facing.FRONT)
    assert await Looks(door, given_to_decoder).find() == Flow(Part.CAMERA)


async def test_a_sender_that_hangs_is_found(
    pair: tuple[Station, Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    door, hall = pair
    looks = Looks(door, lambda statistics: statistics.video_frames_cut)
    for _ in range(2):
        await hall.sees("door")
        assert looks.look() is None
    monkeypatch.setattr(LeanSender, "_pump", lambda sender: None)
    assert await looks.find() == Flow(Part.SENDER, "hall", 1)


async def test_a_decoder_that_hangs_is_found(
    pair: tuple[Station, Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    door, _ = pair
    go_on = threading.Event()
    monkeypatch.setattr(DecoderThread, "_decode", lambda decoder, unit: go_on.wait())
    try:
        assert await Looks(door, given_to_decoder).find() == Flow(Part.DECODER, "hall", 1)
    finally:
        go_on.set()


def test_the_words_for_the_status() -> None:
    assert words_of(None) == "Not in a call."
    assert words_of(CALL) == "In a session, with 1 other."
    assert words_of(replace(CALL, peers=())) == "In a session, alone."
    assert words_of(replace(CALL, phase=Phase.ENDED)) == "Not in a call."
    reconnecting = replace(CALL, phase=Phase.RECONNECTING, peers=(PEER, PEER))
    assert words_of(reconnecting) == "Reconnecting to a session, with 2 others."
