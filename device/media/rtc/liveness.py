"""Whether the other end of a link is still there.

aioice asks for consent (RFC 7675) and counts answers that do not come: soon enough that is wrong on a
lossy network, and where it is not wrong it is late. Here every packet that is surely of the other end is
a sign of life, and the questions are for when nothing else comes.
"""

import asyncio
import contextlib
import random
from collections import deque
from typing import Any

import aioice.ice
import aioice.stun
import aioice.turn

PROBE_INTERVAL_S = 0.3
QUIET_S = 0.8
"""Without any packet for so long the questions begin."""
CONSENT_EVERY_S = 4.0
"""Asked so often all the same (RFC 7675 section 5.1: about 5 s)."""
QUESTIONS = 32
"""Asked last, whose answers are still waited for: those of ten seconds at least."""
DEAD_AFTER_S = 2.5
"""Without any packet. At 10 % loss of what is asked and of what is answered, all of the five questions
of that time go unanswered once in 4,000 times; and then there must be no voice either, nor its silence,
of which a packet comes every 0.4 s."""
CONSENT_S = 30.0
"""RFC 7675 section 5.1: without an answer for so long nothing more may be sent, whatever comes."""
RETRY_S = 0.5
"""Checks are repeated at this rate. aioice doubles the pause each time (RFC 8489 section 6.2.1), and so
finds out that a network is back up to 8 s late."""
RETRIES = 40
"""Of a check. 20 s of them: longer than a link is given to come up."""
DELETE_WITHIN_S = 0.3
"""A TURN server that has not confirmed by then that an allocation is given up lets it expire."""

_stock_retry = aioice.stun.Transaction._Transaction__retry  # type: ignore[attr-defined]
_stock_request = aioice.ice.StunProtocol.request
_stock_delete = aioice.turn.TurnClientMixin.delete


def install() -> None:
    """Set it up for this process. Idempotent."""
    connection: Any = aioice.ice.Connection
    connection.query_consent = query_consent
    transaction: Any = aioice.stun.Transaction
    transaction._Transaction__retry = _retry
    protocol: Any = aioice.ice.StunProtocol
    protocol.request = _request
    relay: Any = aioice.turn.TurnClientMixin
    relay.delete = _delete


def note_life(connection: Any, at_s: float) -> None:
    """Something of the other end has come, on the loop's clock, that nobody else can have sent."""
    connection.callbox_heard_s = at_s


async def query_consent(self: Any) -> None:
    """In the place of aioice.ice.Connection.query_consent: ask until nothing comes any more."""
    loop = asyncio.get_running_loop()
    note_life(self, loop.time())
    consent = _Consent(self, loop)
    while (
        loop.time() - self.callbox_heard_s < DEAD_AFTER_S
        and loop.time() - consent.answered_s < CONSENT_S
    ):
        now_s = loop.time()
        if now_s - self.callbox_heard_s > QUIET_S or now_s - consent.asked_s > CONSENT_EVERY_S:
            consent.ask()
        await asyncio.sleep(PROBE_INTERVAL_S * random.uniform(0.8, 1.2))
    _lose(self)


def _lose(connection: Any) -> None:
    """Nothing is sent any more, and who owns the connection hears of it now. It is for them to close
    it: that waits for sockets and for a TURN server, which a network that is gone does not reach."""
    connection._query_consent_task = None
    connection._nominated.clear()
    connection._queue.put_nowait(None)
    connection._emit_event(aioice.ice.ConnectionClosed())


class _Consent:
    """The questions of one connection. In the place of the transactions of aioice, each of which ends
    before an answer from far away has come."""

    def __init__(self, connection: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._key = connection.remote_password.encode()
        self._asked: deque[tuple[dict[bytes, Any], bytes]] = deque()
        self.answered_s = loop.time()
        self.asked_s = float("-inf")

    def ask(self) -> None:
        self.asked_s = self._loop.time()
        for pair in self._connection._nominated.values():
            request = self._connection.build_request(pair, nominate=False)
            request.add_message_integrity(self._key)
            self._expect(pair.protocol.transactions, request.transaction_id)
            pair.protocol.send_stun(request, pair.remote_addr)

    def response_received(self, message: aioice.stun.Message, address: tuple[str, int]) -> None:
        """As aioice.stun.Transaction has it."""
        is_success = message.message_class is aioice.stun.Class.RESPONSE
        if is_success and message.check_message_integrity(self._key):
            self.answered_s = self._loop.time()
            note_life(self._connection, self.answered_s)

    def _expect(self, transactions: dict[bytes, Any], name: bytes) -> None:
        transactions[name] = self
        self._asked.append((transactions, name))
        if len(self._asked) > QUESTIONS:
            transactions, name = self._asked.popleft()
            transactions.pop(name, None)


def _retry(self: Any) -> None:
    self._Transaction__timeout_delay = RETRY_S
    _stock_retry(self)


async def _request(
    self: Any,
    request: aioice.stun.Message,
    address: tuple[str, int],
    integrity_key: bytes | None = None,
    retransmissions: int = RETRIES,
) -> Any:
    return await _stock_request(self, request, address, integrity_key, retransmissions)


async def _delete(self: Any) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DELETE_WITHIN_S):
            await _stock_delete(self)
