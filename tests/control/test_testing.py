"""`callbox audio test` and `callbox buttons test`, on a terminal and as JSON."""

import asyncio
import json
import signal

import numpy as np

from hal import AudioFault, AudioMode, Button
from hal.audio.simulated import SimulatedAudioRouter
from hal.buttons.simulated import SimulatedButtons
from tests.cli.terminal import terminal
from tests.control.conftest import Served
from tests.media.world import loudest_hz


class Room:
    """A microphone that hears what the loudspeaker played 50 ms ago, at a tenth."""

    def __init__(self, audio: SimulatedAudioRouter) -> None:
        self._audio = audio

    def next_block(self) -> bytes:
        played = np.frombuffer(self._audio.played(AudioMode.SPEAKER)[-5760:-4800], "<i2")
        heard = np.zeros(480, "<i2")
        heard[: len(played)] = played // 10
        return heard.tobytes()


def audio_of(unit: Served) -> SimulatedAudioRouter:
    audio = unit.unit.hardware.audio
    assert isinstance(audio, SimulatedAudioRouter)
    return audio


async def test_each_route_gets_its_tone_and_the_meter_moves(door: Served) -> None:
    await door.callbox("end")
    audio = audio_of(door)
    audio._source = Room(audio)

    def look() -> str:
        with terminal("audio", "test", "--socket", str(door.socket)) as shown:
            text = shown.rest()
            assert shown.process.wait(10) == 0
            return text

    text = await asyncio.to_thread(look)
    assert "speaker     Loudspeaker: a tone of 600 Hz was played" in text
    assert "echo -20 dB, after" in text
    assert "#" * 10 in text, "the meter"
    for mode, frequency_hz in ((AudioMode.SPEAKER, 600), (AudioMode.EARPIECE, 800)):
        played = np.frombuffer(audio.played(mode), "<i2")
        assert abs(loudest_hz(played) - frequency_hz) < 5
    assert audio.selected is None


async def test_a_route_that_fails_is_named_and_the_exit_code_tells(door: Served) -> None:
    await door.callbox("end")
    audio_of(door).fail_next_open(AudioFault.BUSY)
    done = await door.callbox("audio", "test", "--json")
    results = [one for one in map(json.loads, done.stdout.splitlines()) if one["what"] == "result"]
    assert done.returncode == 1
    assert [bool(one["failure"]) for one in results] == [True, False]
    assert results[1]["rest_dbfs"] is not None


async def test_a_call_is_not_disturbed(door: Served) -> None:
    done = await door.callbox("audio", "test")
    assert done.returncode == 1
    assert "callbox end" in done.stderr
    assert done.stdout == ""


async def test_hanging_up_in_the_middle_closes_the_sound(door: Served) -> None:
    await door.callbox("end")

    def look() -> None:
        with terminal("audio", "test", "--socket", str(door.socket)) as shown:
            shown.until("dBFS")
            shown.process.send_signal(signal.SIGINT)
            assert shown.process.wait(10) == 130

    await asyncio.to_thread(look)
    called = await door.callbox("join")
    assert called.returncode == 0, "the sound is free for a call"


async def test_presses_are_told(door: Served) -> None:
    buttons = door.unit.hardware.buttons
    assert isinstance(buttons, SimulatedButtons)

    def look() -> None:
        with terminal("buttons", "test", "--socket", str(door.socket)) as shown:
            shown.until("Press each button")
            buttons.tap(Button.MUTE)
            shown.until(r"mute +pressed")
            shown.until(r"mute +released")
            shown.process.send_signal(signal.SIGINT)
            assert shown.process.wait(10) == 0

    await asyncio.to_thread(look)
