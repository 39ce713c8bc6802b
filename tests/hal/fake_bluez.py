"""BlueZ and bluez-alsa as far as callbox speaks to them, on a bus of their own."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from dbus_fast import Message, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.errors import DBusError
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

READ = PropertyAccess.READ
ADAPTER = "/org/bluez/hci0"
HFP = "0000111e-0000-1000-8000-00805f9b34fb"
A2DP = "0000110b-0000-1000-8000-00805f9b34fb"
KEYBOARD = "00001124-0000-1000-8000-00805f9b34fb"

BUS_CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    {rule}
  </policy>
</busconfig>
"""
"""A session's policy: everybody may everything, but for the rule."""

Strings = Annotated[list[str], DBusSignature("as")]


@contextmanager
def private_bus(folder: Path, denied: str = "") -> Iterator[str]:
    """A dbus-daemon; gives its address. ``denied``: the service that nobody may speak to."""
    address = f"unix:path={folder}/bus"
    config = folder / "bus.conf"
    rule = f'<deny send_destination="{denied}"/>' if denied else ""
    config.write_text(BUS_CONFIG.format(address=address, rule=rule))
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"]
    with subprocess.Popen([*command, "--print-address=1"], stdout=subprocess.PIPE) as daemon:
        try:
            assert daemon.stdout is not None
            assert daemon.stdout.readline().startswith(b"unix:"), "dbus-daemon did not start"
            yield address
        finally:
            daemon.kill()


class AdapterObject(ServiceInterface):
    def __init__(self, bluez: "FakeBluez") -> None:
        super().__init__("org.bluez.Adapter1")
        self._bluez = bluez
        self.is_powered = False
        self.is_discovering = False

    @dbus_property()
    def Powered(self) -> DBusBool:
        return self.is_powered

    @Powered.setter
    def Powered(self, on: DBusBool) -> None:
        self.is_powered = on

    @dbus_method()
    def StartDiscovery(self) -> None:
        if not self.is_powered:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")
        self.is_discovering = True
        self._bluez.on_discovery()

    @dbus_method()
    def StopDiscovery(self) -> None:
        self.is_discovering = False

    @dbus_method()
    def RemoveDevice(self, path: DBusObjectPath) -> None:
        self._bluez.remove(path)


class DeviceObject(ServiceInterface):
    def __init__(self, bluez: "FakeBluez", address: str, name: str, uuids: list[str]) -> None:
        super().__init__("org.bluez.Device1")
        self._bluez = bluez
        self._address, self._name, self._uuids = address, name, uuids
        self.icon = ""
        self.is_paired = self.is_trusted = self.is_connected = False
        self.refuses: DBusError | None = None

    @dbus_property(access=READ)
    def Address(self) -> DBusStr:
        return self._address

    @dbus_property(access=READ)
    def Alias(self) -> DBusStr:
        return self._name

    @dbus_property(access=READ)
    def Icon(self) -> DBusStr:
        return self.icon

    def rename(self, name: str) -> None:
        """As when the answer to the question for its name has come."""
        self._name = name
        self.emit_properties_changed({"Alias": name})

    @dbus_property(access=READ)
    def UUIDs(self) -> Strings:
        return self._uuids

    @dbus_property(access=READ)
    def Paired(self) -> DBusBool:
        return self.is_paired

    @dbus_property(access=READ)
    def Connected(self) -> DBusBool:
        return self.is_connected

    @dbus_property()
    def Trusted(self) -> DBusBool:
        return self.is_trusted

    @Trusted.setter
    def Trusted(self, yes: DBusBool) -> None:
        self.is_trusted = yes

    @dbus_method()
    async def Pair(self) -> None:
        if self.refuses:
            raise self.refuses
        if self.is_paired:
            raise DBusError("org.bluez.Error.AlreadyExists", "Already Exists")
        await self._bluez.ask_agent(f"{ADAPTER}/dev_{self._address.replace(':', '_')}")
        self.is_paired = True

    @dbus_method()
    def Connect(self) -> None:
        if self.refuses:
            raise self.refuses
        self.is_connected = True

    @dbus_method()
    def Disconnect(self) -> None:
        self.is_connected = False


class AgentManagerObject(ServiceInterface):
    def __init__(self, bluez: "FakeBluez") -> None:
        super().__init__("org.bluez.AgentManager1")
        self._bluez = bluez

    @dbus_method()
    def RegisterAgent(self, path: DBusObjectPath, capability: DBusStr) -> None:
        self._bluez.agent = path, capability


class PcmObject(ServiceInterface):
    def __init__(self, device: str, transport: str, mode: str, sequence: int) -> None:
        super().__init__("org.bluealsa.PCM1")
        self._values = device, transport, mode, sequence

    @dbus_property(access=READ)
    def Device(self) -> DBusObjectPath:
        return self._values[0]

    @dbus_property(access=READ)
    def Transport(self) -> DBusStr:
        return self._values[1]

    @dbus_property(access=READ)
    def Mode(self) -> DBusStr:
        return self._values[2]

    @dbus_property(access=READ)
    def Sequence(self) -> DBusUInt32:
        return self._values[3]


class FakeBluez:
    """Both services. ``on_discovery`` is called when a scan begins."""

    def __init__(self, address: str) -> None:
        self._bus = MessageBus(address)
        self.adapter = AdapterObject(self)
        self.agent = "", ""
        self.devices: dict[str, DeviceObject] = {}
        self.on_discovery: Callable[[], None] = lambda: None
        self._asker = ""
        self._sequence = 0

    async def start(self, with_adapter: bool = True) -> None:
        await self._bus.connect()
        self._bus.add_message_handler(self._remember_asker)
        self._bus.export("/org/bluez", AgentManagerObject(self))
        if with_adapter:
            self._bus.export(ADAPTER, self.adapter)
        await self._bus.request_name("org.bluez")

    async def start_without_bluez(self) -> None:
        """bluez-alsa alone."""
        await self._bus.connect()
        await self.start_bluealsa()

    async def start_bluealsa(self) -> None:
        await self._bus.request_name("org.bluealsa")

    async def stop_bluealsa(self) -> None:
        await self._bus.release_name("org.bluealsa")

    def stop(self) -> None:
        self._bus.disconnect()

    def add(self, address: str, name: str, *uuids: str) -> DeviceObject:
        device = DeviceObject(self, address, name, list(uuids))
        path = path_of(address)
        self.devices[path] = device
        self._bus.export(path, device)
        return device

    def remove(self, path: str) -> None:
        self._bus.unexport(path, self.devices.pop(path))

    def add_sound(self, address: str, transport: str, modes: tuple[str, ...]) -> None:
        """A headset's profile is connected."""
        self._sequence += 1
        for mode in modes:
            pcm = PcmObject(path_of(address), transport, mode, self._sequence)
            self._bus.export(_pcm_path(address, transport, mode), pcm)

    def remove_sound(self, address: str, transport: str, modes: tuple[str, ...]) -> None:
        for mode in modes:
            self._bus.unexport(_pcm_path(address, transport, mode))

    async def ask_agent(self, device: str) -> None:
        """As BlueZ does in the course of a pairing."""
        path, _ = self.agent
        reply = await self._bus.call(
            Message(
                destination=self._asker,
                path=path,
                interface="org.bluez.Agent1",
                member="RequestConfirmation",
                signature="ou",
                body=[device, 123456],
            )
        )
        if reply is None or reply.error_name:
            raise DBusError("org.bluez.Error.AuthenticationCanceled", "Authentication Canceled")

    def _remember_asker(self, message: Message) -> None:
        if message.member == "RegisterAgent" and message.sender:
            self._asker = message.sender


def path_of(address: str) -> str:
    return f"{ADAPTER}/dev_{address.replace(':', '_')}"


def _pcm_path(address: str, transport: str, mode: str) -> str:
    kind = transport.lower().replace("-", "")
    return f"/org/bluealsa/hci0/dev_{address.replace(':', '_')}/{kind}/{mode}"
