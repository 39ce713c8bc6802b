"""callbox.toml: what is read, and what is refused in words."""

from pathlib import Path

import pytest

from device.config import Decoder, EchoCanceller, load, parse
from device.errors import ConfigError
from hal import AudioMode
from hal.audio.routes import AlsaRoute, Preset
from hal.camera.settings import EncoderChoice, Exposure, SensorSettings
from hal.config import GpioBackend


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    (tmp_path / "callbox.toml").write_text("")
    config = load(tmp_path / "callbox.toml")
    assert config.unit.session == ""
    assert config.call.idle_timeout_s == 180


def test_everything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "callbox.toml"
    path.write_text(
        '[unit]\nsession = "hall"\nrejoin = false\n'
        '[exchange]\nurl = "https://10.0.0.2:8443"\nuid = "door"\npassword = "secret words"\n'
        'certificate = "exchange.pem"\n'
        '[call]\nidle_timeout_s = 0\ndefault_audio_mode = "earpiece"\n'
        'main_video_container = { aspect_ratio = "cover" }\n'
        '[hardware]\nbuttons = "disabled"\n[hardware.pins]\nmute = 5\n'
        '[hardware.picamera]\nencoder = "software"\n'
        '[hardware.picamera.rear]\nid = "imx708"\nrotation_deg = 180\nexposure = "long"\n'
        '[hardware.webcam]\nfront = "C920"\n'
        "[hardware.alsa]\nbuffer_blocks = 6\n"
        '[hardware.alsa.speaker]\npreset = "jack"\nvolume_percent = 80\n'
        "[video]\nwidth = 640\nheight = 360\n"
        '[media]\necho_canceller = "off"\ndecoder = "h264_v4l2m2m"\n'
    )
    config = load(path)
    assert config.exchange.certificate == tmp_path / "exchange.pem"
    assert config.call.default_audio_mode is AudioMode.EARPIECE
    assert config.hardware.buttons is GpioBackend.DISABLED
    assert config.hardware.pins.mute == 5
    assert config.hardware.picamera.encoder is EncoderChoice.SOFTWARE
    assert config.hardware.picamera.rear == SensorSettings(
        id="imx708", rotation_deg=180, exposure=Exposure.LONG
    )
    assert config.hardware.webcam.front == "C920"
    assert config.hardware.alsa.buffer_blocks == 6
    assert config.hardware.alsa.speaker == AlsaRoute(Preset.JACK, volume_percent=80)
    assert config.hardware.alsa.bluetooth == AlsaRoute(Preset.BLUETOOTH)
    assert config.video.width == 640
    assert config.media.echo_canceller is EchoCanceller.OFF
    assert config.media.decoder is Decoder.BOARD
    assert "secret words" not in repr(config)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"unti": {}}, "there is no setting unti"),
        ({"unit": {"sesion": "x"}}, r"unit\.sesion"),
        ({"call": {"audio_only": "yes"}}, "audio_only"),
        ({"call": {"idle_timeout_s": -1}}, "idle_timeout_s"),
        ({"call": {"listener": {}}}, r"call\.listener"),
        ({"hardware": {"buttons": "usb"}}, "usb"),
        ({"hardware": {"pins": {"mute": "five"}}}, "mute"),
        ({"hardware": {"pins": {"mutte": 5}}}, r"hardware\.pins\.mutte"),
        ({"hardware": {"pins": {"mute": 17}}}, "17"),
        ({"hardware": {"picamera": {"font": {}}}}, r"hardware\.picamera\.font"),
        ({"hardware": {"picamera": {"front": {"rotation_deg": 90}}}}, "rotation_deg"),
        ({"hardware": {"webcam": {"front": 1}}}, "front"),
        ({"video": {"width": 1.5}}, "width"),
        ({"media": {"echo_canceller": "speex"}}, "speex"),
        ({"hardware": {"alsa": {"speaker": {"preset": "loud"}}}}, "loud"),
        ({"hardware": {"alsa": {"speaker": {"volume": 5}}}}, r"hardware\.alsa\.speaker\.volume"),
        ({"hardware": {"alsa": {"speaker": {"volume_percent": 101}}}}, "volume_percent"),
        ({"media": {"decoder": "hardware"}}, "hardware"),
    ],
)
def test_a_mistake_is_named(table: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(table)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "add-unit"), (b"[unit\n", "not TOML"), (b"\xff\xfe", "cannot be read")],
)
def test_a_file_that_is_none_says_so(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "callbox.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load(path)
