"""Pairing Bluetooth headsets through BlueZ (its D-Bus API: man org.bluez.Adapter, org.bluez.Device)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from hal.audio.system_bus import BusFailed, Objects, Properties, SystemBus
from hal.errors import BluetoothUnavailable

_BLUEZ = "org.bluez"
_ADAPTER, _DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
_AGENTS = "org.bluez.AgentManager1"
_AGENT_PATH = "/callbox/agent"
_AUDIO_UUIDS = {
    "0000110b": "A2DP",
    "0000111e": "HFP",
    "00001108": "HSP",
}
"""Bluetooth SIG's numbers of the audio sink, hands-free and headset services."""
_REMEDIES = {
    "AuthenticationFailed": "It refused to pair. Put it into pairing mode again.",
    "AuthenticationCanceled": "It gave up pairing. Put it into pairing mode again.",
    "AuthenticationTimeout": "It did not answer in time. Put it into pairing mode and come nearer.",
    "ConnectionAttemptFailed": "It does not answer. Is it on, near, and in pairing mode?",
    "AuthenticationRejected": "It refused to pair. Put it into pairing mode again.",
    "NotReady": "The adapter is off: bluetoothctl power on. Refused? sudo rfkill unblock bluetooth",
    "Blocked": "The Bluetooth adapter is blocked: sudo rfkill unblock bluetooth",
    "InProgress": "It is busy with another request. Wait a moment.",
    "DoesNotExist": "It is not known. Scan first, with the headset in pairing mode.",
}
_NO_PROFILE = "profile-unavailable"
"""In BlueZ's words, when no program on the board takes the sound; the error's name varies."""
_START_SOUND = (
    "Nothing here takes a headset's sound: sudo systemctl start bluealsa (docs/sound.md)."
)


@dataclass(frozen=True, slots=True)
class BluetoothDevice:
    """``profiles``: of HFP, HSP (both have a microphone) and A2DP, those that it has. Before it is
    paired it may name none of them, and ``is_audio`` by its class alone."""

    address: str
    name: str
    is_paired: bool
    is_trusted: bool
    is_connected: bool
    is_audio: bool
    profiles: frozenset[str]


class Bluetooth:
    """The board's adapter, for as long as ``async with`` lasts. All methods raise
    BluetoothUnavailable, with what a person can do. Addresses are AA:BB:CC:DD:EE:FF."""

    def __init__(self, bus_address: str | None = None) -> None:
        """``bus_address``: of another bus than the system's."""
        self._bus = SystemBus(bus_address)
        self._adapter = ""

    async def __aenter__(self) -> "Bluetooth":
        async with AsyncExitStack() as undo:
            try:
                await undo.enter_async_context(self._bus)
                objects = await self._bus.objects(_BLUEZ)
            except BusFailed as error:
                raise _unavailable(error) from error
            self._adapter = _adapter_of(objects)
            undo.pop_all()
        self._bus.export_agent(_AGENT_PATH)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._bus.__aexit__(kind, error, at)

    async def devices(self) -> tuple[BluetoothDevice, ...]:
        """All that are paired or were found, by name."""
        try:
            objects = await self._bus.objects(_BLUEZ)
        except BusFailed as error:
            raise _unavailable(error) from error
        found = [
            _device(interfaces[_DEVICE])
            for path, interfaces in objects.items()
            if _DEVICE in interfaces and path.startswith(self._adapter + "/")
        ]
        return tuple(sorted(found, key=lambda device: (device.name, device.address)))

    @asynccontextmanager
    async def scanning(self, on_change: Callable[[], None]) -> AsyncIterator[None]:
        """Look for devices that are in pairing mode. ``on_change`` is called in the event loop
        whenever ``devices`` may give something else."""
        await self._set(self._adapter, _ADAPTER, "Powered")
        try:
            await self._bus.on_signals(_BLUEZ, on_change)
        except BusFailed as error:
            raise _unavailable(error) from error
        await self._call(self._adapter, _ADAPTER, "StartDiscovery")
        try:
            yield
        finally:
            with suppress(BluetoothUnavailable):  # the adapter may have gone meanwhile
                await self._call(self._adapter, _ADAPTER, "StopDiscovery")

    async def find(self, address: str, within_s: float) -> None:
        """Until the device is known; scans for one that is not."""
        if await self._is_known(address):
            return
        changed = asyncio.Event()
        async with self.scanning(changed.set):
            try:
                async with asyncio.timeout(within_s):
                    while not await self._is_known(address):
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                raise BluetoothUnavailable(
                    f"{address} was not found within {within_s:.0f} s. Is it on, near, and in "
                    "pairing mode?"
                ) from None

    async def pair(self, address: str) -> None:
        """Pair, trust (it may then connect by itself) and connect. What is done already is no error."""
        path = await self._path(address)
        await self._set(self._adapter, _ADAPTER, "Powered")
        await self._once(
            "/org/bluez", _AGENTS, "RegisterAgent", "os", _AGENT_PATH, "NoInputNoOutput"
        )
        await self._once(path, _DEVICE, "Pair")
        await self.trust(address)
        await self.connect(address)

    async def trust(self, address: str) -> None:
        """Let it connect by itself."""
        await self._set(await self._path(address), _DEVICE, "Trusted")

    async def connect(self, address: str) -> None:
        """Connect all its profiles."""
        await self._call(await self._path(address), _DEVICE, "Connect")

    async def disconnect(self, address: str) -> None:
        """Until it, or a person, connects again."""
        await self._call(await self._path(address), _DEVICE, "Disconnect")

    async def forget(self, address: str) -> None:
        """Undo the pairing."""
        path = await self._path(address)
        await self._call(self._adapter, _ADAPTER, "RemoveDevice", "o", path)

    async def _is_known(self, address: str) -> bool:
        return address.upper() in {device.address for device in await self.devices()}

    async def _path(self, address: str) -> str:
        if not await self._is_known(address):
            raise BluetoothUnavailable(
                f"No device with the address {address} is known. Scan for it first, while it is in "
                "pairing mode: callbox audio pair"
            )
        return f"{self._adapter}/dev_{address.upper().replace(':', '_')}"

    async def _call(self, path: str, interface: str, member: str, *arguments: Any) -> None:
        try:
            await self._bus.call(_BLUEZ, path, interface, member, *arguments)
        except BusFailed as error:
            raise _unavailable(error) from error

    async def _once(self, path: str, interface: str, member: str, *arguments: Any) -> None:
        """A call that may have been made already."""
        try:
            await self._bus.call(_BLUEZ, path, interface, member, *arguments)
        except BusFailed as error:
            if not error.name.endswith(".AlreadyExists"):
                raise _unavailable(error) from error

    async def _set(self, path: str, interface: str, key: str) -> None:
        try:
            await self._bus.set(_BLUEZ, path, interface, key, "b", True)
        except BusFailed as error:
            raise _unavailable(error) from error


def _adapter_of(objects: Objects) -> str:
    """The first one's path. Raises BluetoothUnavailable."""
    if not objects:
        raise BluetoothUnavailable(
            "BlueZ does not run. Start it: sudo systemctl enable --now bluetooth (it comes with "
            "sudo apt-get install bluez)."
        )
    adapters = [path for path, interfaces in objects.items() if _ADAPTER in interfaces]
    if not adapters:
        raise BluetoothUnavailable(
            "There is no Bluetooth adapter. Is it disabled (dtoverlay=disable-bt in config.txt)? "
            "`dmesg | grep -i bluetooth` may say more."
        )
    return min(adapters)


def _device(properties: Properties) -> BluetoothDevice:
    uuids = (str(uuid).lower()[:8] for uuid in properties.get("UUIDs", ()))
    profiles = frozenset(_AUDIO_UUIDS[uuid] for uuid in uuids if uuid in _AUDIO_UUIDS)
    return BluetoothDevice(
        address=properties["Address"],
        name=properties.get("Alias") or properties["Address"],
        is_paired=properties.get("Paired", False),
        is_trusted=properties.get("Trusted", False),
        is_connected=properties.get("Connected", False),
        # Icon: BlueZ' word for the class, such as audio-headset
        is_audio=bool(profiles) or str(properties.get("Icon", "")).startswith("audio-"),
        profiles=profiles,
    )


def _unavailable(error: BusFailed) -> BluetoothUnavailable:
    kind = error.name.rpartition(".")[2]
    if kind == "AccessDenied":
        return BluetoothUnavailable(
            "Bluetooth is refused to this user. Join the group: `sudo adduser $USER bluetooth` and "
            "sign in again; or use sudo."
        )
    if _NO_PROFILE in str(error):
        return BluetoothUnavailable(f"Bluetooth: {error}. {_START_SOUND}")
    remedy = _REMEDIES.get(kind, "Is it running? systemctl status dbus bluetooth")
    return BluetoothUnavailable(f"Bluetooth: {error}. {remedy}")
