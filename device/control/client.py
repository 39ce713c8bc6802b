"""Speaks to a running unit over its control socket. Blocking: for the command line."""

import contextlib
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from device.control import messages
from device.control.messages import Answer, Ask, Done, News, Refusal, Reply
from device.errors import ControlError, UnitSilent, UnitUnreachable

SOCKET_VARIABLE = "CALLBOX_SOCKET"
DEFAULT_FOLDER = Path("/run/callbox")
SOCKET_NAME = "control.sock"
ANSWER_WITHIN_S = 60.0
"""Longer than what takes longest: joining over a network that is slow to refuse."""
STATUS_WITHIN_S = 5.0
"""The status is there at once, unless the unit hangs."""

_START = "Start one: systemctl start callbox (or, to try one: callbox run --config FILE)."


def default_socket() -> Path:
    """CALLBOX_SOCKET, the folder that systemd gave this service, or the one that it gives callbox."""
    named = os.environ.get(SOCKET_VARIABLE)
    if named:
        return Path(named)
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]  # systemd gives all of them
    return Path(given or DEFAULT_FOLDER) / SOCKET_NAME


class ControlClient:
    """A connection. Raises UnitUnreachable where none can be had, and says why."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = itertools.count(1)
        self._socket = _connected(path)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, kind: Callable[..., Ask], **fields: Any) -> Any:
        """The answer to a request, as messages.ANSWERS says.

        Raises ControlError with the unit's own words when it refuses, UnitUnreachable when it ends.
        """
        self._socket.settimeout(STATUS_WITHIN_S if kind is messages.Status else ANSWER_WITHIN_S)
        request = self._send(kind(id=next(self._ids), **fields))
        reply = self._reply()
        if not isinstance(reply, Answer):
            raise ControlError("reply_malformed", "The unit told news where it was to answer.")
        return messages.parse_body(request, reply.body)

    def follow(self, kind: Callable[..., Ask]) -> Iterator[Any]:
        """News until the stream ends; that the unit does raises UnitUnreachable. The stream has begun
        when this returns."""
        self._socket.settimeout(ANSWER_WITHIN_S)
        request = self._send(kind(id=next(self._ids)))
        self._reply()
        self._socket.settimeout(None)
        return self._news(request)

    def _news(self, request: Ask) -> Iterator[Any]:
        while not isinstance(reply := self._reply(), Done):
            yield messages.parse_body(request, reply.body)

    def _send(self, request: Ask) -> Ask:
        # A unit that hangs up has often said why: that is read next.
        with contextlib.suppress(OSError):
            self._socket.sendall(messages.line_of(request))
        return request

    def _reply(self) -> Answer | News | Done:
        try:
            line = self._lines.readline(messages.MAX_ANSWER_BYTES)
        except TimeoutError:
            raise _silent(self._socket.gettimeout() or ANSWER_WITHIN_S) from None
        except OSError:
            raise self._gone() from None
        if not line.endswith(b"\n"):
            raise self._gone()
        reply: Reply = messages.parse_reply(line)
        if isinstance(reply, Refusal):
            raise ControlError(reply.code, reply.message)
        return reply

    def _gone(self) -> UnitSilent:
        return UnitSilent(f"The unit at {self._path} has ended. {_START}")


def _silent(waited_s: float) -> UnitSilent:
    return UnitSilent(
        f"The unit did not answer within {waited_s:.0f} s. Look at its log: journalctl -u callbox."
    )


def _connected(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(STATUS_WITHIN_S)
    try:
        made.connect(str(path))
    except PermissionError:
        made.close()
        raise UnitUnreachable(
            f"{path} is for members of the group callbox. Join it with `sudo adduser $USER callbox` "
            "and sign in again, or use sudo.",
            may_run=True,
        ) from None
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        made.close()
        raise UnitUnreachable(f"No unit runs here: nobody answers at {path}. {_START}") from None
    except (BlockingIOError, TimeoutError):  # its queue is full, and it takes nobody out of it
        made.close()
        raise _silent(STATUS_WITHIN_S) from None
    except OSError as error:
        made.close()
        raise UnitUnreachable(f"The unit's socket {path} cannot be used: {error}.") from error
    return made
