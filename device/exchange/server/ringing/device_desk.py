"""The devices that ring: browser tabs and units, registered while they listen."""

import hashlib
from collections.abc import AsyncGenerator
from functools import partial

from device.exchange.server.outbox import Batch, Outbox
from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing.switchboard import Switchboard
from device.exchange.server.ringing.views import item_of
from device.exchange.server.store import Device, Event, Store
from device.exchange.wire import Registered

MAX_DEVICES = 16
"""Of one user."""


def key_of(uid: str, device_id: str) -> bytes:
    """A device's key: the same after a restart of either side."""
    return hashlib.sha256(f"device\0{uid}\0{device_id}".encode()).digest()


class DeviceDesk:
    """All devices of an exchange."""

    def __init__(self, store: Store, outbox: Outbox, switchboard: Switchboard) -> None:
        self._store = store
        self._outbox = outbox
        self._switchboard = switchboard

    async def open(self) -> None:
        """Devices that the store has get their time to come back."""
        async with self._outbox.batch() as batch:
            for device in await self._store.devices.all():
                batch.expect(device.key, partial(self._vanish, device.key))

    async def register(self, uid: str, device_id: str, most: int = MAX_DEVICES) -> Registered:
        """It has a while to listen then. Idempotent. ``most``: how many the user may have.

        Raises Refusal: too_many_devices.
        """
        key = key_of(uid, device_id)
        async with self._outbox.batch() as batch:
            if await self._store.devices.get(key) is None:
                if len(await self._store.devices.of_user(uid)) >= most:
                    raise Refusal(
                        "too_many_devices", "Too many of your devices are connected. Close some."
                    )
                await self._store.devices.add(Device(key, uid, device_id))
                batch.announce(uid)
            batch.expect(key, partial(self._vanish, key))
            bounds = await self._store.queues.bounds(key)
            active = await self._switchboard.active_call(uid)
            ringing = await self._switchboard.ringing_calls(uid)
            return Registered(
                bounds[1] if bounds else 0,
                [await item_of(self._store, call) for call in ringing],
                None if active is None else await item_of(self._store, active),
            )

    async def set_do_not_disturb(self, uid: str, device_id: str, on: bool) -> None:
        """What rings already goes on ringing. Raises Refusal: device_unknown."""
        async with self._outbox.batch() as batch:
            if not await self._store.devices.set_do_not_disturb(key_of(uid, device_id), on):
                raise Refusal("device_unknown", "Register this device first.")
            batch.announce(uid)

    async def events(
        self, uid: str, device_id: str, after: int, keepalive_s: float
    ) -> AsyncGenerator[Event | None, None]:
        """The device's events after number ``after``, as Outbox.stream has them.

        Raises Refusal: device_unknown, where it cannot be told all that happened since.
        """
        key = key_of(uid, device_id)
        if not await self._outbox.can_resume(key, after):
            raise Refusal("device_unknown", "Register this device first.")
        return self._outbox.stream(key, after, keepalive_s, partial(self._vanish, key))

    async def remove_user(self, batch: Batch, uid: str) -> None:
        """Nothing rings for this user any more."""
        for device in await self._store.devices.of_user(uid):
            await self._store.devices.remove(device.key)
            await batch.dismiss(device.key, "removed")

    async def interrupt_user(self, batch: Batch, uid: str) -> None:
        """All devices of this user have to come again, and to show that they still may."""
        for device in await self._store.devices.of_user(uid):
            batch.interrupt(device.key)

    async def _vanish(self, key: bytes) -> None:
        async with self._outbox.batch() as batch:
            device = await self._store.devices.get(key)
            if device is not None:
                await self._store.devices.remove(key)
                await batch.dismiss(key, "connection_lost")
                batch.announce(device.uid)
                await self._switchboard.vanished(batch, device.uid, device.device_id)
