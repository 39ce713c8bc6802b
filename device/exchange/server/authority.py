"""Taking back what somebody was given: at once, from all they hold, and for everybody to see.

All of it is rows that change in one transaction, so it does not matter which process does it: the
command line beside a running exchange does what the exchange itself does.
"""

from device.exchange.server.outbox import Batch
from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing.device_desk import DeviceDesk
from device.exchange.server.ringing.switchboard import Switchboard
from device.exchange.server.rooms import Rooms
from device.exchange.server.store import Account, Link, Store
from device.exchange.wire import ReceiverType


class Authority:
    """Changes accounts, and with them what their users hold. Each change is part of a batch."""

    def __init__(
        self, store: Store, rooms: Rooms, switchboard: Switchboard, devices: DeviceDesk
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._switchboard = switchboard
        self._devices = devices

    async def put(self, batch: Batch, account: Account) -> None:
        """Add or replace. Who gets another password, or is an admin no longer, is revoked."""
        old = await self._store.accounts.get(account.user.uid)
        if old is not None and (
            old.password_hash != account.password_hash or (old.role, account.role) == _DEMOTION
        ):
            await self.revoke(batch, account.user.uid)
        await self._store.accounts.put(account)
        batch.announce(account.user.uid)

    async def remove(self, batch: Batch, uid: str) -> None:
        """Raises Refusal: user_unknown."""
        await self.known(uid)
        await self._end_links(batch, "user", uid)
        await self.revoke(batch, uid)
        await self._store.accounts.remove(uid)

    async def remove_group(self, batch: Batch, group_id: str) -> None:
        """And who has come by a link to it. Raises Refusal: group_unknown."""
        await self._end_links(batch, "group", group_id)
        if not await self._store.accounts.remove_group(group_id):
            raise Refusal("group_unknown", "There is no group with that id.")

    async def revoke(self, batch: Batch, uid: str) -> None:
        """Signed out everywhere, and out of every session and call; rung by nobody. Call tokens and
        resume secrets of before are no good. Who still has a password may sign in again."""
        await self._store.accounts.withdraw(uid)
        batch.announce(uid)
        await self._devices.remove_user(batch, uid)
        await self._rooms.remove_user(batch, uid)
        await self._switchboard.withdraw(batch, uid)

    async def end_link(self, batch: Batch, link: Link) -> None:
        """Who has come by it is out of everything."""
        for uid in await self._store.links.visitors(link.link_id):
            await self.revoke(batch, uid)
        await self._store.links.remove(link.link_id)

    async def _end_links(self, batch: Batch, kind: ReceiverType, receiver: str) -> None:
        """Who is added again under the same id is not to be called by an old link."""
        for link in await self._store.links.all():
            if (link.receiver_type, link.receiver) == (kind, receiver):
                await self.end_link(batch, link)

    async def change_own_password(self, batch: Batch, account: Account) -> None:
        """Signed out everywhere; devices that listen have to show that they still may. Who is in a
        call stays in it."""
        uid = account.user.uid
        await self._store.accounts.put(account)
        await self._store.accounts.withdraw(uid)
        batch.announce(uid)
        await self._devices.interrupt_user(batch, uid)

    async def sign_out(self, batch: Batch, key: bytes, now: float) -> None:
        """The auth token with this digest is over, and whatever listens with it; the user's other
        streams come again. ``now``: Unix seconds. Idempotent."""
        login = await self._store.accounts.signed_in(key, now)
        await self._store.accounts.drop_auth_token(key)
        if login is not None:
            batch.announce(login.account.user.uid)
            await self._devices.interrupt_user(batch, login.account.user.uid)

    async def known(self, uid: str) -> Account:
        """Raises Refusal: user_unknown."""
        account = await self._store.accounts.get(uid)
        if account is None:
            raise Refusal("user_unknown", "There is no user with that id.")
        return account

    async def keep_an_admin(self) -> None:
        """After a change, for who may not do without. Raises Refusal: last_admin."""
        if all(account.role != "admin" for account in await self._store.accounts.all()):
            raise Refusal("last_admin", "Nobody would be an admin. Make somebody else one first.")


_DEMOTION = ("admin", "member")
