"""From a packet in clear to the kernel, the short way: SRTP, and the socket of the nominated pair.

aiortc's own way takes four coroutines and a datagram transport for each packet; a fan-out to several
peers is mostly that. Packets that leave together go to the kernel together, which cuts them apart again
(UDP generic segmentation offload, udp(7)): most of what a datagram costs is its way through the kernel.

Where that way is not to be had, packets go through aioice's transport, as aiortc's own do.
"""

import errno
import logging
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from aioice.turn import TurnTransport

from device.media.rtc.datagrams import nominated

logger = logging.getLogger(__name__)

UDP_SEGMENT = 103
"""linux/udp.h: the size of each datagram of a train."""
MOST_IN_TRAIN = 32
"""Of 64 (UDP_MAX_SEGMENTS), and with them less than the 64 KiB of one message."""
NO_TRAINS = frozenset({errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP})
"""What the kernel says of an interface that cannot do it (no checksums in hardware, before 6.11)."""


class Wire:
    """Of one DTLS transport. In the event loop."""

    def __init__(self, dtls: Any) -> None:
        self._dtls = dtls
        self._protocol: Any = None
        self._socket: socket.socket | None = None
        self._makes_trains = False
        self.refused = 0
        """Packets that the kernel had no room for: lost, as on any network."""

    @property
    def is_up(self) -> bool:
        """Encrypted, and with a nominated pair."""
        return self._dtls.state == "connected" and self._pair() is not None

    def send(self, packets: Sequence[bytes]) -> None:
        """RTP packets that leave now. Without a nominated pair, as on a link that was just lost, they
        are lost too."""
        pair = self._pair()
        if pair is None:
            return
        protect = self._dtls._tx_srtp.protect
        protected = [protect(packet) for packet in packets]
        if pair.protocol is not self._protocol:
            self._use(pair.protocol)
        if self._socket is None:
            for packet in protected:
                self._protocol.transport.sendto(packet, pair.remote_addr)
            return
        for train in trains(protected):
            self._send_train(self._socket, train, pair.remote_addr)

    def close(self) -> None:
        """Idempotent."""
        self._protocol = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send_train(self, to: socket.socket, train: list[bytes], address: Any) -> None:
        if len(train) == 1 or not self._makes_trains:
            self._send_singly(to, train, address)
            return
        size = struct.pack("=H", len(train[0]))
        try:
            to.sendmsg(train, [(socket.IPPROTO_UDP, UDP_SEGMENT, size)], 0, address)
        except OSError as error:
            if error.errno in NO_TRAINS:
                self._makes_trains = False
                self._send_singly(to, train, address)
            else:
                self.refused += len(train)

    def _send_singly(self, to: socket.socket, packets: list[bytes], address: Any) -> None:
        for packet in packets:
            try:
                to.sendto(packet, address)
            except OSError:  # no room, or the network is away; the transport below hears of that
                self.refused += 1

    def _pair(self) -> Any:
        return nominated(self._dtls.transport._connection)

    def _use(self, protocol: Any) -> None:
        self.close()
        self._protocol = protocol
        if isinstance(protocol.transport, TurnTransport):
            return  # what is relayed has to be wrapped
        try:
            self._socket = protocol.transport.get_extra_info("socket").dup()
        except (AttributeError, OSError) as error:  # it has no socket, or no descriptor is left
            logger.warning("Packets of a link take the long way to the kernel: %r", error)
            return
        self._makes_trains = _can_make_trains(self._socket)


def trains(packets: Sequence[bytes]) -> Iterator[list[bytes]]:
    """In their order: each train is of packets of one size, but that the last may be smaller."""
    train: list[bytes] = []
    for packet in packets:
        if train and (len(packet) > len(train[0]) or len(train) == MOST_IN_TRAIN):
            yield train
            train = []
        train.append(packet)
        if len(packet) < len(train[0]):
            yield train
            train = []
    if train:
        yield train


def _can_make_trains(of: socket.socket) -> bool:
    """An older kernel would send a train as one large datagram."""
    try:
        of.getsockopt(socket.IPPROTO_UDP, UDP_SEGMENT)
    except OSError:
        return False
    return True
