"""Which datagrams of a link's sockets are looked at: anybody can send to them.

aioice hands on whatever is no STUN, and aiortc's DTLS transport ends for ever at one that is empty, or
longer than SRTP takes.
"""

import logging
from typing import Any

import aioice.ice

logger = logging.getLogger(__name__)

COMPONENT = 1
MAX_BYTES = 1500
"""What pylibsrtp has room for, and Ethernet takes in one piece."""
STUN_END = 4
"""First bytes below are STUN's (RFC 7983 section 7)."""

_stock_datagram_received = aioice.ice.StunProtocol.datagram_received


def install() -> None:
    """Set it up for this process. Idempotent."""
    protocol: Any = aioice.ice.StunProtocol
    protocol.datagram_received = _datagram_received


def _datagram_received(self: Any, data: bytes, address: tuple[Any, ...]) -> None:
    if not 0 < len(data) <= MAX_BYTES:
        return
    if data[0] < STUN_END:
        try:
            _stock_datagram_received(self, data, address)
        except Exception as error:  # it is read before it is known who sent it
            logger.debug("%s sent STUN that makes no sense: %r", address, error)
    elif _is_known(self.receiver, (address[0], address[1])):
        self.receiver.data_received(data, self.local_candidate.component)


def nominated(connection: Any) -> Any:
    """The pair that the checks have chosen (RFC 8445 section 8.1); None before."""
    return connection._nominated.get(COMPONENT)


def _is_known(connection: Any, address: tuple[str, int]) -> bool:
    """Whether it is an address of the other end: told in a signal, or found by a check that proved to be
    theirs, which waits in ``_early_checks`` until the description has come."""
    pair = nominated(connection)
    if pair is not None and pair.remote_addr == address:
        return True
    return any(
        (one._network_host, one.port) == address for one in connection._remote_candidates
    ) or any(asking == address for _, asking, _ in connection._early_checks)
