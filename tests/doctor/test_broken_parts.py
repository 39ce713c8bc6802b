"""What else breaks on a unit: the rest of docs/ssh.md's table, part by part."""

import asyncio
import contextlib
import json
import os
import shutil
import ssl
import subprocess
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory

from device.control import messages
from device.doctor.contacts import check_buttons, check_outputs
from device.errors import CallboxError
from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.exchange.server.config import ExchangeConfig
from hal import AudioDevice, AudioFault, AudioMode, Button, CameraFault, Facing, Lamp
from hal.audio.simulated import SimulatedAudioRouter
from hal.buttons.gpio import GpioButtons
from hal.camera.simulated import SimulatedCamera
from hal.config import GpioBackend, HardwareConfig
from hal.outputs.gpio import GpioOutputs, OutputPins
from tests.cli.terminal import CALLBOX
from tests.control.conftest import Served
from tests.doctor.conftest import Home
from tests.exchange.conftest import RunningExchange, Wall, running
from tests.media.world import until

UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""root as others are: what its mode forbids is forbidden."""


def audio_of(served: Served) -> SimulatedAudioRouter:
    audio = served.unit.hardware.audio
    assert isinstance(audio, SimulatedAudioRouter)
    return audio


def camera_of(served: Served) -> SimulatedCamera:
    camera = served.unit.hardware.camera
    assert isinstance(camera, SimulatedCamera)
    return camera


async def asked_by_a_stranger(home: Home) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code and checks of a user to whom modes apply."""
    prefix = UNPRIVILEGED if os.geteuid() == 0 else ()
    done = await asyncio.to_thread(
        subprocess.run,
        [*prefix, *CALLBOX, *home.arguments, "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, {check["part"]: check for check in json.loads(done.stdout)}


needs_setpriv = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="setpriv is not installed"
)


@needs_setpriv
async def test_a_unit_that_this_user_may_not_ask(home: Home) -> None:
    async with home.unit():
        home.socket.chmod(0)
        code, found = await asked_by_a_stranger(home)
    assert code == 1
    assert found["unit"]["verdict"] == "failed"
    assert "adduser $USER callbox" in found["unit"]["seen"]
    assert "sudo" in found["unit"]["remedy"]
    assert found["hardware"]["verdict"] == "skipped", "it is not opened behind the unit's back"


@needs_setpriv
async def test_a_configuration_that_this_user_may_not_read(home: Home) -> None:
    async with home.unit():
        home.config.chmod(0)
        code, found = await asked_by_a_stranger(home)
    assert (code, found["configuration"]["verdict"]) == (1, "failed")
    assert found["configuration"]["remedy"] == "Use sudo."
    assert found["camera front"]["verdict"] == "ok", "the unit is asked all the same"


async def test_a_configuration_that_is_not_there(home: Home) -> None:
    home.config.unlink()
    code, found = await home.doctor()
    assert (code, found["configuration"]["verdict"]) == (1, "failed")
    assert "callbox enroll" in found["configuration"]["remedy"]


async def test_a_driver_that_is_not_installed(home: Home) -> None:
    home.write(camera="picamera")
    code, found = await home.doctor()
    assert (code, found["hardware"]["verdict"]) == (1, "failed")
    assert "picamera" in found["hardware"]["seen"]
    assert "Install what it needs" in found["hardware"]["remedy"]


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (CameraFault.ABSENT, "ribbon cable"),
        (CameraFault.DISCONNECTED, "cable"),
        (CameraFault.FAILED, "journalctl -u callbox"),
    ],
)
async def test_a_camera_that_does_not_open(home: Home, fault: CameraFault, remedy: str) -> None:
    async with home.unit() as served:
        camera_of(served).sensors.fail_next_open(fault)
        await home.finds("camera front", "", remedy)


async def test_a_camera_that_was_lost_in_the_call(home: Home) -> None:
    async with home.unit(calls=True) as served:
        camera = camera_of(served)
        camera.sensors.unplug(Facing.FRONT)
        await until(lambda: not camera.is_open)
        await home.finds("camera", "lost in the call", "callbox camera on")
        status = await served.callbox("status")
        assert "lost; `callbox camera on`" in status.stdout
        camera.sensors.plug(Facing.FRONT)
        await served.ask(messages.Camera, wish=messages.CameraWish.ON)
        code, found = await home.doctor()
        assert (code, found["camera"]["verdict"]) == (0, "ok")


async def test_a_camera_that_a_person_closed_is_not_broken(home: Home) -> None:
    async with home.unit(calls=True) as served:
        await served.ask(messages.Camera, wish=messages.CameraWish.OFF)
        code, found = await home.doctor()
    assert (code, found["camera"]["verdict"]) == (0, "skipped")


async def test_no_route(home: Home) -> None:
    async with home.unit() as served:
        for mode in (AudioMode.EARPIECE, AudioMode.SPEAKER):
            audio_of(served).unplug(mode)
        await home.finds("sound", "no route is there", "aplay -l")


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (AudioFault.ABSENT, "[hardware]"),
        (AudioFault.DISCONNECTED, "Connect it again"),
        (AudioFault.FAILED, "alsamixer"),
    ],
)
async def test_a_route_that_does_not_open(home: Home, fault: AudioFault, remedy: str) -> None:
    async with home.unit() as served:
        audio_of(served).fail_next_open(fault)
        await home.finds("sound earpiece", "", remedy)


async def test_sound_that_was_lost_in_the_call(home: Home) -> None:
    async with home.unit(calls=True) as served:
        events: list[object] = []
        stop = served.unit.events.watch(events.append)
        audio_of(served).fail_now()
        await until(lambda: bool(events))
        await home.finds("sound", "lost in the call", "callbox route MODE")
        await served.ask(messages.Route, mode=AudioMode.SPEAKER)
        code, found = await home.doctor()
        assert (code, found["sound"]["verdict"]) == (0, "ok")
        stop()


def loud(folder: Path) -> str:
    """A microphone that is driven into its limits."""
    square = np.where(np.arange(48_000) % 100 < 50, 32_767, -32_768).astype("<i2")
    with wave.open(str(folder / "loud.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(square.tobytes())
    return "loud.wav"


async def test_a_microphone_that_clips(home: Home) -> None:
    home.write(microphone=loud(home.folder))
    async with home.unit(calls=False) as served:
        audio_of(served).unplug(AudioMode.EARPIECE)
        await home.finds("microphone speaker", "clips", "alsamixer", verdict="warning")


async def test_a_microphone_that_gives_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.doctor.sound.WITHIN_S", 0.3)
    async with home.unit() as served:
        monkeypatch.setattr("hal.audio.simulated._Run._capture", lambda run: None)
        audio_of(served).unplug(AudioMode.EARPIECE)
        await home.finds("microphone speaker", "no sound came", "alsamixer")


async def test_a_loudspeaker_alone_is_not_broken(home: Home) -> None:
    async with home.unit() as served:
        audio_of(served).plug(AudioDevice(AudioMode.SPEAKER, "Boombox", has_microphone=False))
        code, found = await home.doctor()
    assert (code, found["sound speaker"]["verdict"]) == (0, "ok")
    assert "microphone speaker" not in found


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@asynccontextmanager
async def answering(words: bytes, trust: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that says this to whoever comes; its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=trust)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("years", "seen", "verdict"),
    [(-0.5, "expired", "failed"), (5.5 / 365, "valid for 5 days", "warning")],
)
async def test_a_certificate_that_runs_out(
    home: Home, monkeypatch: pytest.MonkeyPatch, years: float, seen: str, verdict: str
) -> None:
    monkeypatch.setattr("device.exchange.server.certificate._YEARS", years)
    other = ExchangeConfig(home.folder / "other", port=0)
    async with home.unit(calls=True), running(other, Wall()) as exchange:
        assert exchange.certificate is not None
        home.url, home.certificate = exchange.url, exchange.certificate
        home.write()
        await home.finds("certificate", seen, "exchange.pem", verdict)


async def test_a_server_that_speaks_no_tls(home: Home) -> None:
    async with home.unit(), answering(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        home.url = f"https://127.0.0.1:{port}"
        home.write()
        await home.finds("certificate", "no TLS there", "url under [exchange]")


async def test_an_account_that_was_tried_too_often(home: Home, exchange: RunningExchange) -> None:
    wrong = ExchangeAccount(ExchangeAddress(home.url, "door", "wrong words", home.certificate))
    async with home.unit():
        for _ in range(10):
            with contextlib.suppress(CallboxError):
                await wrong.sign_in()
        await wrong.aclose()
        await home.finds("account", "Too many", "Wait half a minute")


async def test_a_server_that_is_no_exchange(home: Home) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    async with home.unit(), answering(page) as port:
        home.url = f"http://127.0.0.1:{port}"
        home.write()
        await home.finds("account", "", "url under [exchange]")


def test_lines_that_the_chip_refuses() -> None:
    """gpiozero's own refusal of a line that there is not, from its mock chip."""
    config = HardwareConfig(buttons=GpioBackend.GPIO, outputs=GpioBackend.GPIO)
    buttons = GpioButtons({Button.MUTE: 99}, MockFactory)
    outputs = GpioOutputs(OutputPins({Lamp.ERROR: 99}), MockFactory)
    for check in (
        check_buttons(buttons, config, is_claimed=False),
        check_outputs(outputs, config, is_claimed=False),
    ):
        assert check.verdict.value == "failed"
        assert "GPIO 99" in check.seen
        assert "gpioinfo" in check.remedy
