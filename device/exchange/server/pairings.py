"""Enrolment of units by a code that a person carries from the exchange to the unit.

A code has 10 of 32 characters, so 50 bits, and lives for ten minutes. Guesses are counted as those at
the password of one user (attempts.py): each network has 5, and then waits of 30 s to 15 min; all of them
together have 50, and then waits of 15 s to 2 min. So there are 60 guesses in the life of a code, with a
chance of 60 / 2^50, or 5 in 10^14, to hit one that is open. In a year there are less than 500,000; with
a code open on every minute of it the chance is below 5 in 10^10. What is kept is a SHA-256: whoever
steals it needs some 2^49 tries, and has ten minutes. Who keeps on guessing keeps others from
enrolling, but from where a unit has enrolled before, and from nothing else.
"""

import secrets

from device.exchange.server.attempts import Attempts, network_of
from device.exchange.server.authority import Authority
from device.exchange.server.clock import Clock
from device.exchange.server.outbox import Outbox
from device.exchange.server.passwords import Passwords, is_shown
from device.exchange.server.refusal import Refusal
from device.exchange.server.store import Account, Enrolment, Store, digest, new_secret
from device.exchange.wire import (
    ALPHABET,
    CODE_CHARS,
    PAIRING_LIFETIME_S,
    NewPairing,
    Redeem,
    Redeemed,
    User,
    plain_code,
)


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))


async def offer(store: Store, wanted: NewPairing, code: str, now: float) -> int:
    """Let a code make one unit's account, until what is returned (Unix seconds). An earlier one for the
    same unit is void; the account, where there is one, stays as it is until the code is redeemed.

    Raises Refusal: body_invalid, uid_taken.
    """
    if not is_shown(wanted.uid, 128) or not is_shown(wanted.name, 256):
        raise Refusal("body_invalid", "A unit needs a uid and a name that can be shown.")
    expires_at = int(now) + PAIRING_LIFETIME_S
    enrolment = Enrolment(digest(code), wanted.uid, wanted.name, wanted.session_id, expires_at)
    async with store.transaction():
        check_is_unit(await store.accounts.get(wanted.uid))
        await store.enrolments.put(enrolment, now)
    return expires_at


def check_is_unit(account: Account | None) -> None:
    """Raises Refusal: uid_taken, for a person's account, which no unit may take over."""
    if account is not None and account.user.kind != "unit":
        raise Refusal("uid_taken", "That is a person's name to sign in with. Choose another.")


class Pairings:
    """Redeems codes."""

    def __init__(
        self, store: Store, outbox: Outbox, authority: Authority, clock: Clock, passwords: Passwords
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._authority = authority
        self._passwords = passwords
        self._attempts = Attempts(clock)

    async def redeem(self, asked: Redeem, address: str, now: float) -> Redeemed:
        """Make the unit's account, with a new password; who has the old one is out of everything.
        ``address``: where who asks comes from.

        Raises Refusal: too_many_attempts, pairing_refused, pairing_expired, pairing_used, uid_taken.
        """
        who = "", network_of(address)
        self._attempts.begin(who)
        key, attempt = _digest(asked.code), digest(asked.attempt)
        # Before a hash is made, which takes its time; and again with nobody in between.
        enrolment = await self._open(key, attempt, now)
        password = new_secret()
        user = User(enrolment.uid, enrolment.name, kind="unit")
        account = await self._passwords.new_account(user, password, "member")
        async with self._outbox.batch() as batch:
            enrolment = await self._open(key, attempt, now)
            check_is_unit(await self._store.accounts.get(enrolment.uid))
            await self._store.enrolments.redeem(key, attempt)
            await self._authority.put(batch, account)
        self._attempts.succeeded(who)
        return Redeemed(user, password, enrolment.session_id)

    async def _open(self, key: bytes, attempt: bytes, now: float) -> Enrolment:
        enrolment = await self._store.enrolments.get(key)
        if enrolment is None:
            raise Refusal(
                "pairing_refused", "There is no such pairing code. Check it, or ask for a new one."
            )
        if enrolment.attempt not in (None, attempt):
            raise Refusal("pairing_used", "The pairing code has been used. Ask for a new one.")
        if enrolment.expires_at <= now:
            raise Refusal("pairing_expired", "The pairing code has expired. Ask for a new one.")
        return enrolment


def _digest(code: str) -> bytes:
    try:
        return digest(plain_code(code))
    except ValueError as error:
        raise Refusal("pairing_refused", str(error)) from None
