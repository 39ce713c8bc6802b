"""What a service tells systemd, by sd_notify(3)'s protocol: a datagram to $NOTIFY_SOCKET."""

import logging
import os
import socket
from collections.abc import Mapping

logger = logging.getLogger(__name__)


class ServiceManager:
    """The way to systemd; where there is none, everything said is said to nobody."""

    def __init__(self, address: str = "", watchdog_s: float | None = None) -> None:
        """``address``: a path, or the name of an abstract socket after an @. ``watchdog_s``: how long
        systemd waits for ``alive`` before it kills this process; None: for ever."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        self.watchdog_s = watchdog_s

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "ServiceManager":
        """The one that started this process."""
        return cls(environment.get("NOTIFY_SOCKET", ""), _watchdog_s(environment))

    @property
    def is_there(self) -> bool:
        return bool(self._address)

    def ready(self) -> None:
        """It has started (READY=1)."""
        self._tell("READY=1")

    def status(self, words: str) -> None:
        """One line for `systemctl status`."""
        self._tell("STATUS=" + " ".join(words.split()))

    def alive(self) -> None:
        """Feed the watchdog (WATCHDOG=1)."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """It has begun to end (STOPPING=1)."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Idempotent."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, message: str) -> None:
        """Never blocks or raises: what does not arrive is said again, or systemd acts on its silence."""
        if not self._address:
            return
        try:
            if self._socket is None:
                self._socket = socket.socket(
                    socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
                )
            self._socket.sendto(message.encode(), self._address)
        except OSError as error:
            logger.warning("systemd cannot be told %s: %s", message.partition("=")[0], error)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """As sd_watchdog_enabled(3) reads it: meant for another process, it is none."""
    pid = environment.get("WATCHDOG_PID", "")
    period_us = environment.get("WATCHDOG_USEC", "")
    if (pid and pid != str(os.getpid())) or not period_us.isdecimal():
        return None
    return int(period_us) / 1e6 or None
