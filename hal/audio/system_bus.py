"""D-Bus through dbus-fast: calls, objects, signals. The only place that imports it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from hal.errors import UnknownBackend

try:
    from dbus_fast import BusType, Message, MessageType, Variant
    from dbus_fast.aio import MessageBus
    from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
    from dbus_fast.errors import DBusFastError
    from dbus_fast.service import ServiceInterface, dbus_method
    from dbus_fast.unpack import unpack_variants
except ImportError as missing:
    raise UnknownBackend(
        f"Bluetooth needs dbus-fast ({missing}). In callbox's folder: "
        ".venv/bin/pip install -e '.[pi]'; or set another device under [hardware.alsa.bluetooth]."
    ) from missing

OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
_DBUS = "org.freedesktop.DBus"
ANSWER_S = 60.0
"""Longer than BlueZ takes to give up a pairing."""

Properties = dict[str, Any]
Objects = dict[str, dict[str, Properties]]
"""By path, then by interface."""


class BusFailed(Exception):
    """A call that was refused, or a bus that is not there. ``name``: D-Bus' error, such as
    ``org.bluez.Error.AuthenticationFailed``; empty when the bus itself failed."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class SystemBus:
    """A connection, made by ``async with``. Belongs to one event loop. Raises BusFailed."""

    def __init__(self, address: str | None = None) -> None:
        """``address``: of another bus than the system's."""
        self._bus = MessageBus(address, BusType.SYSTEM)

    async def __aenter__(self) -> "SystemBus":
        try:
            await self._bus.connect()
        except (DBusFastError, OSError, EOFError) as error:
            raise BusFailed("", f"the system bus cannot be reached ({error})") from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bus.disconnect()

    async def wait_closed(self) -> None:
        """Until the bus goes."""
        with suppress(Exception):  # whatever ended it, it has ended
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    async def call(
        self,
        service: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        *arguments: Any,
    ) -> Any:
        """The first value of the reply, with its variants unpacked; None without one."""
        message = Message(
            destination=service,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(arguments),
        )
        try:
            async with asyncio.timeout(ANSWER_S):
                reply = await self._bus.call(message)
        except TimeoutError as error:
            raise BusFailed("", f"{service} has not answered for {ANSWER_S:.0f} s") from error
        except (DBusFastError, OSError, EOFError) as error:
            raise BusFailed("", f"the system bus has gone ({error})") from error
        if reply is None or reply.message_type is MessageType.ERROR:
            name = str(reply.error_name) if reply else ""
            raise BusFailed(name, str(reply.body[0]) if reply and reply.body else name)
        return unpack_variants(reply.body[0]) if reply.body else None

    async def objects(self, service: str, path: str = "/") -> Objects:
        """All objects below ``path``. Empty when the service does not run."""
        try:
            found = await self.call(service, path, OBJECT_MANAGER, "GetManagedObjects")
        except BusFailed as error:
            if error.name in (f"{_DBUS}.Error.ServiceUnknown", f"{_DBUS}.Error.NameHasNoOwner"):
                return {}
            raise
        return dict(found)

    async def set(
        self, service: str, path: str, interface: str, key: str, signature: str, value: Any
    ) -> None:
        """Set one property."""
        variant = Variant(signature, value)
        await self.call(service, path, PROPERTIES, "Set", "ssv", interface, key, variant)

    async def on_signals(self, service: str, heard: Callable[[], None]) -> None:
        """Call ``heard`` in the event loop after each signal of a service, its coming and its going."""
        rules = (
            f"type='signal',sender='{service}'",
            f"type='signal',sender='{_DBUS}',member='NameOwnerChanged',arg0='{service}'",
        )
        for rule in rules:
            await self.call(_DBUS, "/org/freedesktop/DBus", _DBUS, "AddMatch", "s", rule)

        def on_message(message: Message) -> None:
            if message.message_type is MessageType.SIGNAL:
                heard()

        self._bus.add_message_handler(on_message)

    def export_agent(self, path: str) -> None:
        """Offer an agent that says yes to the pairing that was asked for here."""
        self._bus.export(path, _Agent())


class _Agent(ServiceInterface):
    """org.bluez.Agent1 of a device without keys or display: a headset asks nothing that a person
    must answer, and the ones of old have the PIN 0000."""

    def __init__(self) -> None:
        super().__init__("org.bluez.Agent1")

    @dbus_method()
    def Release(self) -> None: ...

    @dbus_method()
    def Cancel(self) -> None: ...

    @dbus_method()
    def RequestPinCode(self, device: DBusObjectPath) -> DBusStr:
        return "0000"

    @dbus_method()
    def RequestPasskey(self, device: DBusObjectPath) -> DBusUInt32:
        return 0

    @dbus_method()
    def DisplayPasskey(
        self, device: DBusObjectPath, passkey: DBusUInt32, entered: DBusUInt16
    ) -> None: ...

    @dbus_method()
    def RequestConfirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None: ...

    @dbus_method()
    def RequestAuthorization(self, device: DBusObjectPath) -> None: ...

    @dbus_method()
    def AuthorizeService(self, device: DBusObjectPath, uuid: DBusStr) -> None: ...
