"""The other end of systemd's sockets."""

import socket
from pathlib import Path


class Datagrams:
    """A bound datagram socket, and what was said to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def take(self) -> list[str]:
        """All that has come since the last time."""
        heard = []
        while True:
            try:
                heard.append(self._socket.recv(1 << 18).decode(errors="surrogateescape"))
            except BlockingIOError:
                return heard

    def wait(self, within_s: float = 30) -> str:
        """The next one."""
        self._socket.settimeout(within_s)
        try:
            return self._socket.recv(1 << 18).decode(errors="surrogateescape")
        finally:
            self._socket.setblocking(False)

    def close(self) -> None:
        self._socket.close()
        if not self.address.startswith("@"):
            Path(self.address).unlink()
