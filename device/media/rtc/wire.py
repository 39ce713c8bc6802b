"""From a packet in clear to the kernel, the short way: SRTP, and the socket of the nominated pair.

aiortc's own way takes four coroutines and a datagram transport for each packet; a fan-out to several
peers is mostly that.
"""

import os
import socket
from typing import Any

from aioice.turn import TurnTransport

COMPONENT = 1


class Wire:
    """Of one DTLS transport. In the event loop."""

    def __init__(self, dtls: Any) -> None:
        self._dtls = dtls
        self._protocol: Any = None
        self._socket: socket.socket | None = None
        self.refused = 0
        """Packets that the kernel had no room for: lost, as on any network."""

    @property
    def is_up(self) -> bool:
        """Encrypted, and with a nominated pair."""
        return self._dtls.state == "connected" and self._pair() is not None

    def send(self, packet: bytes) -> None:
        """One RTP packet, while ``is_up``."""
        pair = self._pair()
        protected = self._dtls._tx_srtp.protect(packet)
        if pair.protocol is not self._protocol:
            self._use(pair.protocol)
        if self._socket is None:
            self._protocol.transport.sendto(protected, pair.remote_addr)
            return
        try:
            self._socket.sendto(protected, pair.remote_addr)
        except OSError:  # no room, or the network is away; the transport below hears of that
            self.refused += 1

    def close(self) -> None:
        """Idempotent."""
        self._protocol = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _pair(self) -> Any:
        return self._dtls.transport._connection._nominated.get(COMPONENT)

    def _use(self, protocol: Any) -> None:
        self.close()
        self._protocol = protocol
        if isinstance(protocol.transport, TurnTransport):
            return  # what is relayed has to be wrapped
        theirs = protocol.transport.get_extra_info("socket")
        self._socket = socket.socket(fileno=os.dup(theirs.fileno()))
