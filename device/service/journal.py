"""Log records as entries of systemd's journal, with fields, by its native protocol.

The other way, lines on stderr with a priority in front (sd-daemon(3)), has neither fields nor entries
of several lines. systemd-python, which speaks this protocol, has no wheels. One datagram per entry:
https://systemd.io/JOURNAL_NATIVE_PROTOCOL
"""

import logging
import os
import socket
import struct
import sys
from collections.abc import Mapping
from typing import TextIO

logger = logging.getLogger(__name__)

SOCKET = "/run/systemd/journal/socket"
MOST_BYTES = 48 * 1024
"""Of one field. A datagram may be of about 200 KiB (net.core.wmem_default), a traceback is a few."""
PRIORITIES = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)
"""Of syslog(3)."""
NOTICE = 5


def is_attached(environment: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> bool:
    """Whether what is written to ``stream`` (stderr) goes to the journal anyway (systemd.exec(5),
    $JOURNAL_STREAM)."""
    try:
        there = os.fstat((stream or sys.stderr).fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"


def notice(words: str) -> None:
    """What a person may want to know, good or bad: between a warning and mere information."""
    logger.warning("%s", words, extra={"journal": {"PRIORITY": str(NOTICE)}})


class JournalHandler(logging.Handler):
    """Sends each record as an entry. ``extra={"journal": {"CALLBOX_X": "..."}}`` adds fields."""

    def __init__(self, identifier: str, address: str = SOCKET) -> None:
        super().__init__()
        self._identifier = identifier
        self._address = address
        # A journal that hangs must not hang whoever logs: the event loop, and the threads of sound.
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_UNIX, kind)
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send(self._fields(record))
            if self._lost:
                words = f"{self._lost} entries were lost while the journal took none."
                self._send(self._said("4", words))
                self._lost = 0
        except BlockingIOError:
            self._lost += 1  # stderr leads there as well, and would block
        except OSError:
            # The journal is being restarted. What it has of stderr it gets later.
            print(record.getMessage(), file=sys.stderr)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        self._socket.close()
        super().close()

    def _send(self, fields: Mapping[str, str]) -> None:
        self._socket.sendto(entry(fields), self._address)

    def _said(self, priority: str, words: str) -> dict[str, str]:
        return {
            "MESSAGE": words,
            "PRIORITY": priority,
            "SYSLOG_IDENTIFIER": self._identifier,
        }

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        priority = str(next(p for level, p in PRIORITIES if record.levelno >= level))
        fields = self._said(priority, self.format(record)) | {
            "CALLBOX_LOGGER": record.name,
            "CALLBOX_THREAD": record.threadName or "",
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
        }
        return fields | getattr(record, "journal", {})


def entry(fields: Mapping[str, str]) -> bytes:
    """The datagram: NAME=value lines, or NAME, length and value where it has several lines."""
    parts = []
    for name, text in fields.items():
        value = text.encode(errors="replace")[:MOST_BYTES]
        if b"\n" in value:
            parts.append(name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n")
        else:
            parts.append(name.encode() + b"=" + value + b"\n")
    return b"".join(parts)
