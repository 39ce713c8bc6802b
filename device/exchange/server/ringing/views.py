"""Calls as their parties are told of them."""

from device.exchange.server.ringing.values import Call, Party
from device.exchange.server.store import Store
from device.exchange.wire import CallItem, CallParty, User


async def item_of(store: Store, call: Call) -> CallItem:
    """With the names that users and groups have now; one who is gone is named by their uid."""
    return CallItem(
        call.session_id,
        call.call_type,
        call.receiver_type,
        call.receiver,
        await _receiver_name(store, call),
        call.status.value,
        call.initiated_at,
        [await _party(store, party) for party in call.parties],
        call.joined_at,
        call.ended_at,
    )


async def _party(store: Store, party: Party) -> CallParty:
    user = await _user(store, party.uid)
    return CallParty(user, party.standing.value, party.device, party.joined_at, party.left_at)


async def _user(store: Store, uid: str) -> User:
    account = await store.accounts.get(uid)
    return User(uid, uid) if account is None else account.user


async def _receiver_name(store: Store, call: Call) -> str:
    if call.receiver_type == "user":
        return (await _user(store, call.receiver)).name
    group = await store.accounts.group(call.receiver)
    return call.receiver if group is None else group.name
