"""Whether the other end of a link is still there.

aioice asks for consent (RFC 7675) and counts answers that do not come: soon enough that is wrong on a
lossy network, and where it is not wrong it is late. Here anything that comes from the other end is a
sign of life, and the questions are for when nothing else comes.
"""

import asyncio
import random
from typing import Any

import aioice.ice
import aioice.stun

PROBE_INTERVAL_S = 0.3
DEAD_AFTER_S = 2.5
"""Without any packet. At 10 % loss of what is asked and of what is answered, all of the six questions
of that time go unanswered once in 20,000 times; and then there must be no voice either."""
CONSENT_S = 30.0
"""RFC 7675 section 5.1: without an answer for so long nothing more may be sent, whatever comes."""
RETRY_S = 0.5
"""Checks are repeated at this rate. aioice doubles the pause each time (RFC 8489 section 6.2.1), and so
finds out that a network is back up to 8 s late."""
RETRIES = 40
"""20 s of them: longer than a link is given to come up."""

_stock_data_received = aioice.ice.Connection.data_received
_stock_retry = aioice.stun.Transaction._Transaction__retry  # type: ignore[attr-defined]


def install() -> None:
    """Set it up for this process. Idempotent."""
    connection: Any = aioice.ice.Connection
    connection.query_consent = query_consent
    connection.data_received = _data_received
    transaction: Any = aioice.stun.Transaction
    transaction._Transaction__retry = _retry
    aioice.stun.RETRY_MAX = RETRIES


def _data_received(self: Any, data: bytes, component: int) -> None:
    self.callbox_heard_s = asyncio.get_running_loop().time()
    _stock_data_received(self, data, component)


def _retry(self: Any) -> None:
    self._Transaction__timeout_delay = RETRY_S
    _stock_retry(self)


async def query_consent(self: Any) -> None:
    """Ask until there is neither an answer nor anything else, then close the connection."""
    loop = asyncio.get_running_loop()
    self.callbox_heard_s = answered_s = loop.time()
    while (
        loop.time() - self.callbox_heard_s < DEAD_AFTER_S and loop.time() - answered_s < CONSENT_S
    ):
        await asyncio.sleep(PROBE_INTERVAL_S * random.uniform(0.8, 1.2))
        if await _answers(self):
            self.callbox_heard_s = answered_s = loop.time()
    self._query_consent_task = None
    await self.close()


async def _answers(connection: Any) -> bool:
    for pair in connection._nominated.values():
        request = connection.build_request(pair, nominate=False)
        try:
            async with asyncio.timeout_at(connection.callbox_heard_s + DEAD_AFTER_S):
                await pair.protocol.request(
                    request,
                    pair.remote_addr,
                    integrity_key=connection.remote_password.encode(),
                    retransmissions=0,
                )
        except (TimeoutError, aioice.stun.TransactionError):
            return False
    return True
