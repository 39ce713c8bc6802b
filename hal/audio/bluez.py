"""Pairing Bluetooth headsets through BlueZ (its D-Bus API: man org.bluez.Adapter, org.bluez.Device)."""

import asyncio
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from hal.audio.system_bus import BusFailed, Properties, SystemBus
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
    "NotReady": "The Bluetooth adapter is off: rfkill unblock bluetooth",
    "InProgress": "It is busy with another request. Wait a moment.",
    "DoesNotExist": "It is not known. Scan first, with the headset in pairing mode.",
}


@dataclass(frozen=True, slots=True)
class BluetoothDevice:
    """``profiles``: of HFP, HSP (both have a microphone) and A2DP, those that it has."""

    address: str
    name: str
    is_paired: bool
    is_trusted: bool
    is_connected: bool
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
            adapters = sorted(
                path for path, interfaces in objects.items() if _ADAPTER in interfaces
            )
            if not adapters:
                raise BluetoothUnavailable(
                    "There is no Bluetooth adapter. Is bluetooth.service running, and the adapter "
                    "not disabled (dtoverlay=disable-bt in config.txt)?"
                )
            undo.pop_all()
        self._adapter = adapters[0]
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

    async def scan(self, duration_s: float) -> tuple[BluetoothDevice, ...]:
        """Look for devices that are in pairing mode, and give all that are known then."""
        await self._set(self._adapter, _ADAPTER, "Powered")
        await self._call(self._adapter, _ADAPTER, "StartDiscovery")
        try:
            await asyncio.sleep(duration_s)
            return await self.devices()
        finally:
            with suppress(BluetoothUnavailable):  # the adapter may have gone meanwhile
                await self._call(self._adapter, _ADAPTER, "StopDiscovery")

    async def pair(self, address: str) -> None:
        """Pair, trust (it may then connect by itself) and connect. What is done already is no error."""
        path = await self._path(address)
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

    async def _path(self, address: str) -> str:
        known = {device.address for device in await self.devices()}
        if address.upper() not in known:
            raise BluetoothUnavailable(
                f"No device with the address {address} is known. Scan for it first, while it is in "
                "pairing mode."
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


def _device(properties: Properties) -> BluetoothDevice:
    uuids = (str(uuid).lower()[:8] for uuid in properties.get("UUIDs", ()))
    return BluetoothDevice(
        address=properties["Address"],
        name=properties.get("Alias") or properties["Address"],
        is_paired=properties.get("Paired", False),
        is_trusted=properties.get("Trusted", False),
        is_connected=properties.get("Connected", False),
        profiles=frozenset(_AUDIO_UUIDS[uuid] for uuid in uuids if uuid in _AUDIO_UUIDS),
    )


def _unavailable(error: BusFailed) -> BluetoothUnavailable:
    kind = error.name.rpartition(".")[2]
    if kind == "AccessDenied":
        return BluetoothUnavailable(
            "Bluetooth is refused to this user. Add it to the group bluetooth."
        )
    remedy = _REMEDIES.get(kind, "Is bluetooth.service running?")
    return BluetoothUnavailable(f"Bluetooth: {error}. {remedy}")
