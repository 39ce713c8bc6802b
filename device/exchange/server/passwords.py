"""Passwords: what one has to be, and how it is kept (argon2id)."""

import asyncio
import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from device.errors import ConfigError
from device.exchange.server.attempts import Attempts, network_of
from device.exchange.server.refusal import as_refusal
from device.exchange.server.store import Account, Group, Store, new_secret
from device.exchange.wire import Role, User

MINIMUM = 8
MAXIMUM = 1024
AT_ONCE = 2
"""Each takes 19 MiB, and a small board has calls to carry meanwhile."""
_AVATAR = re.compile(r"[!-~]{1,1024}")
_NOT_SHOWN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
"""Control characters, and halves of characters."""

# The OWASP password storage cheat sheet's smaller profile: 19 MiB, which a 512 MB board has.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def new_account(user: User, password: str, role: Role = "member") -> Account:
    """An account to be stored. Takes about 50 ms of CPU.

    Raises ConfigError: see ``check_user``; and for a password under 8 or over 1024 characters.
    """
    check_user(user)
    if not MINIMUM <= len(password) <= MAXIMUM:
        raise ConfigError(f"The password needs {MINIMUM} to {MAXIMUM} characters.")
    return Account(user, _HASHER.hash(password), role)


def check_user(user: User) -> None:
    """Raises ConfigError for a name that is empty, long or cannot be shown, or an avatar that is not
    an address."""
    if not is_shown(user.uid, 128) or not is_shown(user.name, 256):
        raise ConfigError(
            "A user needs an id of 1 to 128 and a name of 1 to 256 characters that can be "
            "shown, without a space at either end."
        )
    if user.avatar is not None and not _AVATAR.fullmatch(user.avatar):
        raise ConfigError("An avatar is a URL or a path, of 1 to 1024 ASCII characters.")


def check_group(group: Group) -> None:
    """Raises ConfigError for names that are empty, long or cannot be shown."""
    if not is_shown(group.group_id, 128) or not is_shown(group.name, 256):
        raise ConfigError(
            "A group needs an id of 1 to 128 and a name of 1 to 256 characters that can be "
            "shown, without a space at either end."
        )


def is_shown(text: str, longest: int) -> bool:
    """Whether a person can read a name: 1 to ``longest`` characters, no space at either end."""
    return 0 < len(text) <= longest and text == text.strip() and not _NOT_SHOWN.search(text)


class Passwords:
    """Makes and compares passwords off the event loop, a few at a time."""

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fits(self, uid: str, host: str, password: str, store: Store) -> Account | None:
        """The account that this is the password of; ``host``: where it comes from. Takes as long
        whether there is such an account or not.

        Raises Refusal: too_many_attempts.
        """
        who = uid, network_of(host)
        self._attempts.check(who)
        async with self._slots:
            self._attempts.begin(who)
            account = await store.accounts.get(uid)
            hashed = None if account is None else account.password_hash
            if not await asyncio.to_thread(_verify, hashed, password) or account is None:
                return None
        # A password that was changed meanwhile fits no longer.
        if await store.accounts.get(uid) != account:
            return None
        self._attempts.succeeded(who)
        return account

    async def new_account(self, user: User, password: str, role: Role) -> Account:
        """See ``new_account``. Raises Refusal: body_invalid."""
        with as_refusal():
            async with self._slots:
                return await asyncio.to_thread(new_account, user, password, role)


@cache
def _nobody() -> str:
    """What no password fits, so that an unknown user takes as long as a known one."""
    return _HASHER.hash(new_secret())


def _verify(hashed: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(hashed or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
