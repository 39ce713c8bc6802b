"""Calls as their parties are told of them."""

from dataclasses import replace

from device.exchange.server.ringing.values import Call, Party
from device.exchange.server.store import Store
from device.exchange.wire import CallItem, CallParty, ReceiverType, User


async def item_of(store: Store, call: Call) -> CallItem:
    """With the names that users and groups have now; one who is gone has the name of then."""
    return CallItem(
        call.session_id,
        call.call_type,
        call.receiver_type,
        call.receiver,
        await receiver_name(
            store, call.receiver_type, call.receiver, call.receiver_name or call.receiver
        ),
        call.status.value,
        call.initiated_at,
        [await _party(store, party) for party in call.parties],
        call.joined_at,
        call.ended_at,
    )


async def with_names(store: Store, call: Call) -> Call:
    """With the names that users and groups have now, to be kept."""
    item = await item_of(store, call)
    users = [party.user for party in item.parties]
    parties = [
        replace(party, name=user.name, kind=user.kind)
        for party, user in zip(call.parties, users, strict=True)
    ]
    return replace(call, parties=tuple(parties), receiver_name=item.receiver_name)


async def _party(store: Store, party: Party) -> CallParty:
    account = await store.accounts.get(party.uid)
    if account is not None:
        user = account.user
    elif party.name:
        user = User(party.uid, party.name, kind=party.kind)
    else:
        user = await store.links.named(party.uid) or User(party.uid, party.uid)
    return CallParty(user, party.standing.value, party.device, party.joined_at, party.left_at)


async def receiver_name(store: Store, kind: ReceiverType, receiver: str, gone: str) -> str:
    """Of a user or a group as people call them now; ``gone``: of one who is no more."""
    if kind == "user":
        account = await store.accounts.get(receiver)
        return gone if account is None else account.user.name
    group = await store.accounts.group(receiver)
    return gone if group is None else group.name
