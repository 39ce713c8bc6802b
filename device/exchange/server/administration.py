"""Accounts, kept from the command line beside an exchange that may be running."""

import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace as replaced
from pathlib import Path

from device.errors import ConfigError
from device.exchange.server.clock import LoopClock
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.outbox import Batch
from device.exchange.server.pairings import offer
from device.exchange.server.parts import Parts, make_parts
from device.exchange.server.passwords import check_group, new_account
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import Group, SqliteStore, Store
from device.exchange.wire import NewPairing, Role, User


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Store]:
    """The exchange's store. Raises ConfigError when it cannot be used."""
    async with aclosing(SqliteStore(data_dir)) as store:
        try:
            yield store
        except sqlite3.Error as error:
            raise ConfigError(
                f"The exchange's data in {data_dir} cannot be changed now: {error}. Try again."
            ) from error


@asynccontextmanager
async def changing(data_dir: Path) -> AsyncIterator[tuple[Parts, Batch]]:
    """A change of what an exchange keeps, all of it or nothing; one that runs notices it.

    Raises ConfigError when the store cannot be used.
    """
    async with opened(data_dir) as store:
        parts = await make_parts(ExchangeConfig(data_dir), store, LoopClock())
        try:
            async with parts.outbox.batch() as batch:
                yield parts, batch
        finally:
            await parts.aclose()


async def add_accounts(
    data_dir: Path,
    passwords: dict[User, str],
    role: Role | None = None,
    replace: bool = True,
) -> None:
    """Add accounts, all or none; a replaced one is signed out everywhere, and out of every call.
    ``role`` None: member, and a replaced one keeps its own.

    Raises ConfigError: see ``new_account``; and for one that is there already, unless ``replace``.
    """
    made = [new_account(user, password) for user, password in passwords.items()]
    async with changing(data_dir) as (parts, batch):
        for account in made:
            uid = account.user.uid
            old = await parts.store.accounts.get(uid)
            if old is not None and not replace:
                raise ConfigError(
                    f"There is an account {uid} already. Nothing was changed; with --replace it "
                    "gets a new password and is signed out everywhere."
                )
            kept = "member" if old is None else old.role
            await parts.authority.put(batch, replaced(account, role=role or kept))


async def users(data_dir: Path) -> list[tuple[User, Role]]:
    """By name."""
    async with opened(data_dir) as store:
        return [(account.user, account.role) for account in await store.accounts.all()]


async def has_admin(data_dir: Path) -> bool:
    return any(role == "admin" for _, role in await users(data_dir))


async def remove_account(data_dir: Path, uid: str) -> None:
    """Remove somebody, also from what they are in. Raises ConfigError: there is nobody of that id."""
    async with changing(data_dir) as (parts, batch):
        await _check_known(parts, [uid])
        await parts.authority.remove(batch, uid)


async def revoke(data_dir: Path, uid: str) -> None:
    """Sign somebody out of all that they are in. Raises ConfigError: there is nobody of that id."""
    async with changing(data_dir) as (parts, batch):
        await _check_known(parts, [uid])
        await parts.authority.revoke(batch, uid)


async def groups(data_dir: Path) -> list[Group]:
    """By name."""
    async with opened(data_dir) as store:
        return await store.accounts.groups()


async def add_group(
    data_dir: Path, group_id: str, name: str, members: Sequence[str], replace: bool
) -> None:
    """Raises ConfigError: a name that cannot be shown, a member who is no user, or a group that is
    there already, unless ``replace``."""
    group = Group(group_id, name, tuple(sorted(set(members))))
    check_group(group)
    async with changing(data_dir) as (parts, _):
        if not replace and await parts.store.accounts.group(group_id) is not None:
            raise ConfigError(
                f"There is a group {group_id} already. Nothing was changed; --replace changes it."
            )
        await _check_known(parts, group.members)
        await parts.store.accounts.put_group(group)


async def remove_group(data_dir: Path, group_id: str) -> None:
    """And the links to it. Raises ConfigError: there is no such group."""
    async with changing(data_dir) as (parts, batch):
        if await parts.store.accounts.group(group_id) is None:
            raise ConfigError(f"There is no group {group_id}; `list-groups` shows those there are.")
        await parts.authority.remove_group(batch, group_id)


async def _check_known(parts: Parts, uids: Sequence[str]) -> None:
    for uid in uids:
        if await parts.store.accounts.get(uid) is None:
            raise ConfigError(
                f"There is no user {uid}; `list-users` shows those there are. Nothing was changed."
            )


async def offer_pairing(data_dir: Path, wanted: NewPairing, code: str, replace: bool) -> int:
    """Let a code make a unit's account, until what is returned (Unix seconds); see ``offer``.

    Raises ConfigError for a unit that is there already, unless ``replace``; and what ``offer`` refuses.
    """
    async with opened(data_dir) as store, store.transaction():
        if not replace and await store.accounts.get(wanted.uid) is not None:
            raise ConfigError(
                f"There is an account {wanted.uid} already. Nothing was changed; with --replace the "
                "unit that enrols with the code takes its place."
            )
        try:
            return await offer(store, wanted, code, time.time())
        except Refusal as refusal:
            raise ConfigError(f"{refusal} Nothing was changed.") from None
