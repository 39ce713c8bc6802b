"""Routes of those who look after an exchange: its people, units and groups."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path

from device.exchange.server.accounts import Admin, AuthToken, PartsOf, admin, login, whoever
from device.exchange.server.parts import Parts
from device.exchange.server.passwords import check_group, check_user
from device.exchange.server.refusal import Refusal, as_refusal, refusals
from device.exchange.server.store import Account, Group
from device.exchange.wire import (
    GroupItem,
    Groups,
    People,
    Person,
    PutGroup,
    PutPerson,
    User,
)

router = APIRouter(tags=["people"], responses=refusals(401, 403, 404, 409, 413, 422))
UidOf = Annotated[str, Path(min_length=1, max_length=128)]
GroupIdOf = Annotated[str, Path(min_length=1, max_length=128)]


@router.get("/people")
async def people(_: Admin, parts: PartsOf) -> People:
    """All accounts."""
    return People([_person(parts, each) for each in await parts.store.accounts.all()])


@router.put("/people/{uid}")
async def put_person(
    uid: UidOf, body: PutPerson, _: Admin, parts: PartsOf, token: AuthToken
) -> Person:
    """Add a person, or change an account. With a new password, or an admin no longer, they are signed
    out everywhere, and out of every session and call."""
    user = User(uid, body.name, body.avatar)
    with as_refusal():
        check_user(user)
    hashed: str | None = None
    if body.password is not None:
        hashed = (await parts.passwords.new_account(user, body.password, body.role)).password_hash
    async with parts.outbox.batch() as batch:
        # While the password was hashed that may have ended.
        await admin(await login(await whoever(parts, token)))
        old = await parts.store.accounts.get(uid)
        if old is not None:
            user, hashed = replace(user, kind=old.user.kind), hashed or old.password_hash
        if hashed is None:
            raise Refusal(
                "user_unknown", "There is no user with that id. Give a new one a password."
            )
        account = Account(user, hashed, body.role)
        await parts.authority.put(batch, account)
        await parts.authority.keep_an_admin()
    return _person(parts, account)


@router.delete("/people/{uid}", status_code=204)
async def remove_person(uid: UidOf, _: Admin, parts: PartsOf) -> None:
    """Remove an account. They are out of every session and call, and links to them end."""
    async with parts.outbox.batch() as batch:
        await parts.authority.remove(batch, uid)
        await parts.authority.keep_an_admin()


@router.post("/people/{uid}/revoke", status_code=204)
async def revoke(uid: UidOf, _: Admin, parts: PartsOf) -> None:
    """Sign somebody out everywhere, and out of every session and call. They may sign in again."""
    async with parts.outbox.batch() as batch:
        await parts.authority.known(uid)
        await parts.authority.revoke(batch, uid)


@router.get("/groups")
async def groups(_: Admin, parts: PartsOf) -> Groups:
    """Who is rung together."""
    return Groups([_group(each) for each in await parts.store.accounts.groups()])


@router.put("/groups/{group_id}")
async def put_group(group_id: GroupIdOf, body: PutGroup, _: Admin, parts: PartsOf) -> GroupItem:
    """Add a group, or change it."""
    group = Group(group_id, body.name, tuple(sorted(set(body.members))))
    with as_refusal():
        check_group(group)
    async with parts.outbox.batch() as batch:
        for uid in group.members:
            if await parts.store.accounts.get(uid) is None:
                raise Refusal("user_unknown", "Somebody in this group is no user here.")
            batch.announce(uid)
        await parts.store.accounts.put_group(group)
    return _group(group)


@router.delete("/groups/{group_id}", status_code=204)
async def remove_group(group_id: GroupIdOf, _: Admin, parts: PartsOf) -> None:
    """Remove a group, and none of its members. Links to it end, and who has come by them is out."""
    async with parts.outbox.batch() as batch:
        await parts.authority.remove_group(batch, group_id)


def _person(parts: Parts, account: Account) -> Person:
    return Person(account.user, account.role, parts.attempts.is_locked(account.user.uid))


def _group(group: Group) -> GroupItem:
    return GroupItem(group.group_id, group.name, list(group.members))
