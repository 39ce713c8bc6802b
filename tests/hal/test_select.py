"""From the configuration to the hardware, without guessing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from hal import AudioFault, AudioUnavailable, Facing, Lamp, UnknownBackend
from hal.audio.routes import AlsaConfig, AlsaRoute
from hal.board import LinuxBoard, SimulatedBoard
from hal.buttons.disabled import DisabledButtons
from hal.buttons.gpio import GpioButtons
from hal.buttons.simulated import SimulatedButtons
from hal.camera.picture import PictureKind
from hal.camera.simulated import SimulatedCamera
from hal.config import (
    AudioBackend,
    BoardBackend,
    CameraBackend,
    GpioBackend,
    HardwareConfig,
    Pins,
)
from hal.outputs.disabled import DisabledOutputs
from hal.outputs.gpio import GpioOutputs
from hal.outputs.simulated import SimulatedOutputs
from hal.select import hardware_from

DESK = HardwareConfig(
    camera=CameraBackend.SIMULATED,
    audio=AudioBackend.SIMULATED,
    buttons=GpioBackend.SIMULATED,
    outputs=GpioBackend.SIMULATED,
    board=BoardBackend.SIMULATED,
    facings=(Facing.REAR,),
    picture=PictureKind.BUSY,
    pins=Pins(lamp_muted=5, door=26),
)


def test_a_desk_has_simulated_hardware_with_the_pins_of_the_configuration() -> None:
    hardware = hardware_from(DESK)
    assert isinstance(hardware.camera, SimulatedCamera)
    assert hardware.camera.facings == (Facing.REAR,)
    assert hardware.camera.picture is PictureKind.BUSY
    assert isinstance(hardware.buttons, SimulatedButtons)
    assert isinstance(hardware.board, SimulatedBoard)
    outputs = hardware.outputs
    assert isinstance(outputs, SimulatedOutputs)
    outputs.open()
    outputs.set_lamp(Lamp.MUTED, lit=True)
    outputs.open_door(0.5)
    assert outputs.is_lit(Lamp.MUTED)
    assert outputs.is_door_open
    outputs.close()


@pytest.mark.parametrize(
    ("backend", "buttons", "outputs"),
    [
        (GpioBackend.GPIO, GpioButtons, GpioOutputs),
        (GpioBackend.SIMULATED, SimulatedButtons, SimulatedOutputs),
        (GpioBackend.DISABLED, DisabledButtons, DisabledOutputs),
    ],
)
def test_each_name_gives_its_back_end(backend: GpioBackend, buttons: type, outputs: type) -> None:
    hardware = hardware_from(replace(DESK, buttons=backend, outputs=backend))
    assert type(hardware.buttons) is buttons
    assert type(hardware.outputs) is outputs
    assert type(hardware_from(replace(DESK, board=BoardBackend.LINUX)).board) is LinuxBoard


def test_nothing_is_simulated_that_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = HardwareConfig()
    assert (bare.camera, bare.audio) == (CameraBackend.PICAMERA, AudioBackend.ALSA)
    assert (bare.buttons, bare.outputs) == (GpioBackend.GPIO, GpioBackend.DISABLED)
    assert bare.board is BoardBackend.LINUX
    monkeypatch.setitem(sys.modules, "libcamera", None)
    with pytest.raises(UnknownBackend, match="needs picamera2"):
        hardware_from(bare)


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("camera", "picamera, webcam, simulated"),
        ("audio", "alsa, simulated"),
        ("buttons", "gpio, simulated, disabled"),
        ("outputs", "gpio, simulated, disabled"),
        ("board", "linux, simulated"),
    ],
)
def test_an_unknown_back_end_is_named_with_those_that_there_are(field: str, names: str) -> None:
    config = replace(DESK, **cast("dict[str, AudioBackend]", {field: "picamera9"}))
    with pytest.raises(UnknownBackend, match=rf"{field} = 'picamera9'.*one of: {names}\."):
        hardware_from(config)


def test_a_camera_whose_library_is_missing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "libcamera", None)
    with pytest.raises(UnknownBackend, match=r"needs picamera2 .*scripts/install"):
        hardware_from(replace(DESK, camera=CameraBackend.PICAMERA))


def test_a_microphone_that_cannot_be_is_refused(tmp_path: Path) -> None:
    for microphone in ("silence", "tone:440"):
        hardware_from(replace(DESK, microphone=microphone))
    for microphone in ("tone:", "tone:high", "tone:5", "tone:99999", "tone:4²"):
        with pytest.raises(AudioUnavailable, match="20 to 20000") as caught:
            hardware_from(replace(DESK, microphone=microphone))
        assert caught.value.reason is AudioFault.FAILED
    with pytest.raises(AudioUnavailable, match="cannot be read"):
        hardware_from(replace(DESK, microphone=str(tmp_path / "no.wav")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pins": Pins(mute=17)}, "pins.mute and pins.end_call are both GPIO 17"),
        ({"pins": Pins(door=22)}, "pins.door and pins.camera_switch are both GPIO 22"),
        ({"pins": Pins(lamp_error=-1)}, "pins.lamp_error must be a BCM number"),
        ({"door_maximum_s": 0}, "door_maximum_s"),
        ({"door_maximum_s": float("inf")}, "door_maximum_s"),
        ({"hold_s": -1}, "hold_s"),
        ({"debounce_s": float("nan")}, "debounce_s"),
    ],
)
def test_a_configuration_that_no_board_can_do_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(DESK, **cast("dict[str, int]", changes))


def test_pins_of_a_disabled_back_end_are_free() -> None:
    pins = Pins(end_call=5, lamp_muted=5)
    replace(DESK, buttons=GpioBackend.DISABLED, pins=pins)
    replace(DESK, outputs=GpioBackend.DISABLED, pins=pins)


def test_each_library_is_loaded_only_by_the_back_end_that_needs_it() -> None:
    program = (
        "import sys; from hal.select import hardware_from; from hal.config import *; "
        "off = GpioBackend.DISABLED; sim = 'SIMULATED'; "
        "hardware_from(HardwareConfig(CameraBackend[sim], AudioBackend[sim], outputs=off)); "
        "print(*({'av', 'PIL', 'lgpio', 'picamera2', 'alsaaudio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""


def test_the_real_sound_card_has_the_devices_of_the_configuration() -> None:
    route = AlsaRoute(playback="plughw:CARD=none")
    hardware = hardware_from(replace(DESK, audio=AudioBackend.ALSA, alsa=AlsaConfig(speaker=route)))
    assert type(hardware.audio).__name__ == "AlsaAudioRouter"
    assert hardware.audio.devices == ()


def test_without_pyalsaaudio_sound_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['alsaaudio'] = None; from hal.select import hardware_from; "
        "from hal.config import *; "
        "hardware_from(HardwareConfig(camera=CameraBackend.SIMULATED, audio=AudioBackend.ALSA))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "UnknownBackend: [hardware] audio = 'alsa' needs pyalsaaudio" in last
    assert "libasound2-dev" in last


def test_every_enum_names_only_what_exists() -> None:
    assert [kind.value for kind in CameraBackend] == ["picamera", "webcam", "simulated"]
    assert [kind.value for kind in AudioBackend] == ["alsa", "simulated"]
