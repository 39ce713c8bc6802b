"""Passwords: what one has to be, and how it is kept (argon2id)."""

import asyncio
import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from device.errors import ConfigError
from device.exchange.server.store import Account, new_secret
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

    Raises ConfigError for a name that is empty, long or cannot be shown, an avatar that is not
    an address, or a password under 8 or over 1024 characters.
    """
    if not is_shown(user.uid, 128) or not is_shown(user.name, 256):
        raise ConfigError(
            "A user needs an id of 1 to 128 and a name of 1 to 256 characters that can be "
            "shown, without a space at either end."
        )
    if user.avatar is not None and not _AVATAR.fullmatch(user.avatar):
        raise ConfigError("An avatar is a URL or a path, of 1 to 1024 ASCII characters.")
    if not MINIMUM <= len(password) <= MAXIMUM:
        raise ConfigError(f"The password needs {MINIMUM} to {MAXIMUM} characters.")
    return Account(user, _HASHER.hash(password), role)


def is_shown(text: str, longest: int) -> bool:
    """Whether a person can read a name: 1 to ``longest`` characters, no space at either end."""
    return 0 < len(text) <= longest and text == text.strip() and not _NOT_SHOWN.search(text)


class PasswordCheck:
    """Compares and hashes passwords off the event loop, a few at a time."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fits(self, account: Account | None, password: str) -> bool:
        """Takes as long whether the account is there or not."""
        hashed = None if account is None else account.password_hash
        async with self._slots:
            return await asyncio.to_thread(_verify, hashed, password) and account is not None

    async def new_account(self, user: User, password: str) -> Account:
        """See ``new_account``."""
        async with self._slots:
            return await asyncio.to_thread(new_account, user, password)


@cache
def _nobody() -> str:
    """What no password fits, so that an unknown user takes as long as a known one."""
    return _HASHER.hash(new_secret())


def _verify(hashed: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(hashed or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
