"""Accounts, kept from the command line beside an exchange that may be running."""

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from device.errors import ConfigError
from device.exchange.server.pairings import offer
from device.exchange.server.passwords import new_account
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import SqliteStore, Store
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


async def add_accounts(
    data_dir: Path, passwords: dict[User, str], role: Role = "member", replace: bool = True
) -> None:
    """Add accounts, all or none; a replaced one is signed out everywhere.

    Raises ConfigError: see ``new_account``; and for one that is there already, unless ``replace``.
    """
    made = [new_account(user, password, role) for user, password in passwords.items()]
    async with opened(data_dir) as store, store.transaction():
        for account in made:
            uid = account.user.uid
            if not replace and await store.accounts.get(uid) is not None:
                raise ConfigError(
                    f"There is an account {uid} already. Nothing was changed; with --replace it "
                    "gets a new password and is signed out everywhere."
                )
            await store.accounts.put(account)


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
