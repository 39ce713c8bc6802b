"""Real D-Bus messages to a BlueZ and a bluez-alsa that are ours."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from dbus_fast.errors import DBusError

from device.app import check_own_hardware, open_unit
from device.config import Config
from hal import AudioDevice, AudioMode, BluetoothUnavailable
from hal.audio.bluez import Bluetooth, BluetoothDevice
from hal.audio.headsets import Headsets
from hal.audio.presence import Headset
from hal.audio.routes import AlsaConfig, AlsaRoute
from hal.audio.watch import RouteWatch
from hal.config import AudioBackend, BoardBackend, CameraBackend, GpioBackend, HardwareConfig
from tests.hal.fake_bluez import A2DP, HFP, KEYBOARD, FakeBluez, private_bus
from tests.hal.listening import Heard

VOYAGER, BOOMBOX = "AA:BB:CC:DD:EE:01", "AA:BB:CC:DD:EE:02"
BOTH, OUT = ("sink", "source"), ("sink",)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    with private_bus(tmp_path) as address:
        yield address


@pytest.fixture
async def bluez(bus: str) -> AsyncIterator[FakeBluez]:
    bluez = FakeBluez(bus)
    await bluez.start()
    yield bluez
    bluez.stop()


async def test_a_scan_finds_what_is_in_pairing_mode(bluez: FakeBluez, bus: str) -> None:
    bluez.on_discovery = lambda: bluez.add(VOYAGER, "Voyager", HFP, A2DP, KEYBOARD) and None
    async with Bluetooth(bus) as bluetooth:
        assert await bluetooth.devices() == ()
        await bluetooth.find(VOYAGER.lower(), within_s=15)
        (found,) = await bluetooth.devices()
    profiles = frozenset({"HFP", "A2DP"})
    assert found == BluetoothDevice(VOYAGER, "Voyager", False, False, False, True, profiles)
    assert bluez.adapter.is_powered
    assert not bluez.adapter.is_discovering


async def test_a_headset_that_names_no_service_yet_is_known_by_its_class(
    bluez: FakeBluez, bus: str
) -> None:
    bluez.add(VOYAGER, "Voyager").icon = "audio-headset"
    bluez.add(BOOMBOX, "Keyboard", KEYBOARD).icon = "input-keyboard"
    async with Bluetooth(bus) as bluetooth:
        found = {device.name: device.is_audio for device in await bluetooth.devices()}
    assert found == {"Voyager": True, "Keyboard": False}


async def test_a_headset_that_does_not_show_itself_is_told(bluez: FakeBluez, bus: str) -> None:
    async with Bluetooth(bus) as bluetooth:
        with pytest.raises(BluetoothUnavailable, match="in pairing mode"):
            await bluetooth.find(VOYAGER, within_s=0.01)
    assert not bluez.adapter.is_discovering


async def test_pairing_trusts_and_connects(bluez: FakeBluez, bus: str) -> None:
    device = bluez.add(VOYAGER, "Voyager", HFP)
    async with Bluetooth(bus) as bluetooth:
        await bluetooth.pair(VOYAGER.lower())
        (found,) = await bluetooth.devices()
        assert found.is_paired
        assert found.is_trusted
        assert found.is_connected
        assert bluez.agent[1] == "NoInputNoOutput"
        await bluetooth.pair(VOYAGER)  # again is no error
        await bluetooth.disconnect(VOYAGER)
        assert not device.is_connected
        await bluetooth.connect(VOYAGER)
        assert device.is_connected
        await bluetooth.forget(VOYAGER)
        assert await bluetooth.devices() == ()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("org.bluez.Error.AuthenticationFailed", "pairing mode again"),
        ("org.bluez.Error.ConnectionAttemptFailed", "Is it on"),
        ("org.bluez.Error.NotReady", "bluetoothctl power on"),
        ("org.freedesktop.DBus.Error.AccessDenied", "adduser .* bluetooth"),
        ("org.bluez.Error.Failed", "systemctl status dbus bluetooth"),
    ],
)
async def test_a_pairing_that_fails_says_what_to_do(
    bluez: FakeBluez, bus: str, error: str, remedy: str
) -> None:
    bluez.add(VOYAGER, "Voyager", HFP).refuses = DBusError(error, "it is so")
    async with Bluetooth(bus) as bluetooth:
        with pytest.raises(BluetoothUnavailable, match=remedy):
            await bluetooth.pair(VOYAGER)


async def test_a_headset_whose_sound_nobody_takes(bluez: FakeBluez, bus: str) -> None:
    refusal = DBusError("org.bluez.Error.NotAvailable", "br-connection-profile-unavailable")
    bluez.add(VOYAGER, "Voyager", HFP).refuses = refusal
    async with Bluetooth(bus) as bluetooth:
        with pytest.raises(BluetoothUnavailable, match="start bluealsa"):
            await bluetooth.connect(VOYAGER)


async def test_an_unknown_address_is_refused(bluez: FakeBluez, bus: str) -> None:
    async with Bluetooth(bus) as bluetooth:
        for call in (bluetooth.pair, bluetooth.connect, bluetooth.trust, bluetooth.forget):
            with pytest.raises(BluetoothUnavailable, match="audio pair"):
                await call(BOOMBOX)


async def test_a_board_without_bluetooth_says_so(bus: str, tmp_path: Path) -> None:
    with pytest.raises(BluetoothUnavailable, match="BlueZ does not run"):
        async with Bluetooth(bus):
            pass
    bluez = FakeBluez(bus)
    await bluez.start(with_adapter=False)
    with pytest.raises(BluetoothUnavailable, match="no Bluetooth adapter"):
        async with Bluetooth(bus):
            pass
    bluez.stop()
    with pytest.raises(BluetoothUnavailable, match="cannot be reached"):
        async with Bluetooth(f"unix:path={tmp_path}/none"):
            pass


@pytest.mark.spec("3.on_audio_mode_changed")
async def test_a_headset_that_connects_is_a_route_and_goes_again(
    bluez: FakeBluez, bus: str
) -> None:
    bluez.add(VOYAGER, "Voyager", HFP)
    bluez.add(BOOMBOX, "Boombox", A2DP)
    await bluez.start_bluealsa()
    headsets = Headsets(bus)
    config = AlsaConfig(speaker=AlsaRoute())
    watch = RouteWatch(config.routes, [headsets], headsets.current)
    told: Heard[tuple[AudioDevice, ...]] = Heard()
    stop = await asyncio.to_thread(watch.watch, told)
    try:
        bluez.add_sound(VOYAGER, "HFP-AG", BOTH)
        voyager = AudioDevice(AudioMode.BLUETOOTH, "Voyager", has_microphone=True)
        await heard(told, (voyager,))
        bluez.add_sound(BOOMBOX, "A2DP-source", OUT)
        boombox = AudioDevice(AudioMode.BLUETOOTH, "Boombox", has_microphone=False)
        await heard(told, (boombox,))
        assert watch.need(AudioMode.BLUETOOTH).route.playback.endswith(f"{BOOMBOX},PROFILE=a2dp")
        bluez.remove_sound(BOOMBOX, "A2DP-source", OUT)
        await heard(told, (voyager,))
        await bluez.stop_bluealsa()
        await heard(told, ())
    finally:
        await asyncio.to_thread(stop)
    assert headsets.current() == ()


async def test_a_headset_that_was_there_before_is_found_without_a_call(
    bluez: FakeBluez, bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a unit that begins, whose call uses it from the start, and by a doctor without a unit."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
    bluez.add(VOYAGER, "Voyager", HFP)
    await bluez.start_bluealsa()
    bluez.add_sound(VOYAGER, "HFP-AG", BOTH)
    config = Config(
        hardware=HardwareConfig(
            camera=CameraBackend.SIMULATED,
            audio=AudioBackend.ALSA,
            buttons=GpioBackend.DISABLED,
            outputs=GpioBackend.DISABLED,
            board=BoardBackend.SIMULATED,
            alsa=AlsaConfig(speaker=AlsaRoute()),
        )
    )
    async with open_unit(config) as unit:
        assert [device.name for device in unit.hardware.audio.devices] == ["Voyager"]
    assert "sound bluetooth" in {check.part for check in await check_own_hardware(config)}


async def test_without_bluez_a_headset_goes_by_its_address(bus: str) -> None:
    bluez = FakeBluez(bus)
    await bluez.start_without_bluez()
    bluez.add_sound(VOYAGER, "HSP-AG", BOTH)
    headsets = Headsets(bus)
    changes: Heard[int] = Heard()
    await asyncio.to_thread(headsets.start, lambda: changes(1))
    await asyncio.to_thread(changes.wait_count, 1)
    assert headsets.current() == (Headset(VOYAGER, VOYAGER, has_microphone=True),)
    await asyncio.to_thread(headsets.stop)
    bluez.stop()


async def test_a_headset_that_can_do_both_is_used_with_its_microphone(
    bluez: FakeBluez, bus: str
) -> None:
    await bluez.start_bluealsa()
    bluez.add_sound(VOYAGER, "HFP-AG", BOTH)
    bluez.add_sound(VOYAGER, "A2DP-source", OUT)
    headsets = Headsets(bus)
    changes: Heard[int] = Heard()
    await asyncio.to_thread(headsets.start, lambda: changes(1))
    await asyncio.to_thread(changes.wait_count, 1)
    assert headsets.current() == (Headset(VOYAGER, VOYAGER, has_microphone=True),)
    await asyncio.to_thread(headsets.stop)
    headsets.stop()


class Said(logging.Handler):
    """What was logged, to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: Heard[str] = Heard()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages(record.getMessage())


@pytest.fixture
def said() -> Iterator[Heard[str]]:
    handler, logger = Said(), logging.getLogger("hal.audio.headsets")
    logger.addHandler(handler)
    yield handler.messages
    logger.removeHandler(handler)


async def test_a_bus_that_comes_late_is_found(tmp_path: Path, said: Heard[str]) -> None:
    headsets = Headsets(f"unix:path={tmp_path}/bus", again_s=0.01)
    changes: Heard[int] = Heard()
    await asyncio.to_thread(headsets.start, lambda: changes(1))
    await asyncio.to_thread(said.wait_count, 1)
    with private_bus(tmp_path) as address:
        bluez = FakeBluez(address)
        await bluez.start()
        await bluez.start_bluealsa()
        bluez.add_sound(BOOMBOX, "A2DP-source", OUT)
        await asyncio.to_thread(changes.wait_count, 1)
        assert headsets.current() == (Headset(BOOMBOX, BOOMBOX, has_microphone=False),)
    await asyncio.to_thread(changes.wait_count, 2)  # the bus has gone
    assert headsets.current() == ()
    await asyncio.to_thread(headsets.stop)
    (message,) = said.items
    assert "are not watched" in message


async def heard(told: Heard[tuple[AudioDevice, ...]], last: tuple[AudioDevice, ...]) -> None:
    await asyncio.to_thread(told.wait, lambda items: bool(items) and items[-1] == last)
