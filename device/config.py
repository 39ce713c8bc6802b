"""callbox.toml as frozen dataclasses.

[unit]       session, rejoin
[exchange]   url, uid, password, certificate
[call]       the settings of device.session.settings.CallSettings
[hardware]   hal.config.HardwareConfig; [hardware.pins] its pins; [hardware.picamera] and
             [hardware.webcam] its cameras, as in hal.camera.settings
[video]      width, height, frame_rate_hz, bitrate_bps
[media]      echo_canceller: "webrtc" or "off"; decoder: "software" or "h264_v4l2m2m"
[buttons]    what holding a button does: end_call_held and so on; door_open_s
[metrics]    listen
[ringing]    the settings of device.phone.settings.RingingTable
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from device.errors import ConfigError, InvalidSettings
from device.phone.settings import RingingTable
from device.session.gestures import Action
from device.session.settings import CallSettings
from hal import Button, VideoFormat
from hal.config import HardwareConfig

LONGEST_SESSION_ID = 128


@dataclass(frozen=True, slots=True)
class UnitTable:
    """``session``: what the unit joins when it starts; empty: none, it is a phone only.
    ``rejoin``: whether it joins again after the call ended for a reason that no person chose (lost,
    refused, failed)."""

    session: str = ""
    rejoin: bool = True


@dataclass(frozen=True, slots=True)
class ExchangeTable:
    """``certificate``: the exchange's, a PEM file, relative to callbox.toml."""

    url: str = ""
    uid: str = ""
    password: str = field(default="", repr=False)
    certificate: Path | None = None


class EchoCanceller(Enum):
    WEBRTC = "webrtc"
    OFF = "off"


class Decoder(Enum):
    """``BOARD``: the codec block of a Raspberry Pi up to the 4, for H.264."""

    SOFTWARE = "software"
    BOARD = "h264_v4l2m2m"


@dataclass(frozen=True, slots=True)
class MediaTable:
    """``echo_canceller``: with it come noise suppression and gain control, as the route needs them.
    Off for a microphone that does it all itself. ``decoder`` of the pictures that come in."""

    echo_canceller: EchoCanceller = EchoCanceller.WEBRTC
    decoder: Decoder = Decoder.SOFTWARE


@dataclass(frozen=True, slots=True)
class ButtonsTable:
    """What holding a button for [hardware] ``hold_s`` does. Such a button acts at its release when it is
    only pressed. ``door_open_s``: how long "open_door" opens."""

    end_call_held: Action = Action.NOTHING
    mute_held: Action = Action.NOTHING
    camera_switch_held: Action = Action.NOTHING
    call_held: Action = Action.NOTHING
    door_open_s: float = 3.0

    @property
    def holds(self) -> Mapping[Button, Action]:
        return {button: getattr(self, f"{button.value}_held") for button in Button}


@dataclass(frozen=True, slots=True)
class MetricsTable:
    """``listen``: where a Prometheus may come for the metrics, such as 127.0.0.1:9100; empty: nowhere.
    Who reaches it reads who is in a call."""

    listen: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    unit: UnitTable = UnitTable()
    exchange: ExchangeTable = ExchangeTable()
    call: CallSettings = field(default_factory=CallSettings)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)
    video: VideoFormat = VideoFormat()
    media: MediaTable = MediaTable()
    buttons: ButtonsTable = ButtonsTable()
    metrics: MetricsTable = MetricsTable()
    ringing: RingingTable = RingingTable()

    def __post_init__(self) -> None:
        """Raises ValueError for a door that is to be open for longer than it may."""
        longest_s = self.hardware.door_maximum_s
        if not 0 < self.buttons.door_open_s <= longest_s:
            raise ValueError(
                f"buttons.door_open_s must be over 0 and at most hardware.door_maximum_s ({longest_s:g})"
            )


def with_session(config: Config, session_id: str | None) -> Config:
    """The configuration with another session to join."""
    if session_id is None:
        return config
    return replace(config, unit=replace(config.unit, session=session_id))


def check_can_join(config: Config) -> None:
    """Raises ConfigError, naming the setting, for a configuration with which no call can begin."""
    if len(config.unit.session) > LONGEST_SESSION_ID:
        raise ConfigError(f"session under [unit] has at most {LONGEST_SESSION_ID} characters.")
    for key in ("url", "uid", "password"):
        if not getattr(config.exchange, key):
            raise ConfigError(
                f"{key} under [exchange] is not set. `callbox enroll` sets all of them, with the code "
                "that `callbox exchange add-unit` prints on the exchange."
            )


def load(path: Path) -> Config:
    """Read a configuration. Raises ConfigError naming the file, the key and the remedy."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise ConfigError(
            f"There is no {path}. `callbox enroll` writes one, with the code that `callbox exchange "
            "add-unit` prints on the exchange; or name another with --config."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    return _resolved(parse(table, str(path)), path.parent)


def parse(table: dict[str, Any], name: str = "callbox.toml") -> Config:
    """A configuration from TOML's values; ``name`` is for the errors. Raises ConfigError."""
    _refuse_unknown(table, Config, name, "")
    try:
        return msgspec.convert(table, Config, strict=True, dec_hook=_decode)
    except (msgspec.ValidationError, InvalidSettings) as error:
        raise ConfigError(f"{name}: {error}") from error


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise msgspec.ValidationError(f"{value!r} cannot be set in a file")


def settings_of(table: Any) -> dict[str, Any]:
    """What may stand in a table, by its dataclass: each setting and its type."""
    hints = get_type_hints(table)
    return {spec.name: hints[spec.name] for spec in fields(table) if spec.name != "listener"}


def _refuse_unknown(table: dict[str, Any], kind: Any, name: str, prefix: str) -> None:
    """A misspelt key is an error, with the keys that there are."""
    known = settings_of(kind)
    for key, value in table.items():
        if key not in known:
            raise ConfigError(
                f"{name}: there is no setting {prefix}{key}; there are: {', '.join(sorted(known))}"
            )
        if isinstance(value, dict) and is_dataclass(known[key]):
            _refuse_unknown(value, known[key], name, f"{prefix}{key}.")


def _resolved(config: Config, folder: Path) -> Config:
    """Paths are relative to the file that names them."""
    certificate, hardware = config.exchange.certificate, config.hardware
    if certificate is not None:
        exchange = replace(config.exchange, certificate=folder / certificate)
        config = replace(config, exchange=exchange)
    if hardware.microphone.endswith(".wav"):
        sound = str(folder / hardware.microphone)
        config = replace(config, hardware=replace(hardware, microphone=sound))
    return config
