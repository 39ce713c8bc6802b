"""The control socket of a running unit. Who may open it may do all that it offers (ADR 0011)."""

import asyncio
import grp
import logging
import os
import socket
from pathlib import Path

from device.control import messages
from device.control.desk import ControlDesk
from device.control.messages import MAX_LINE_BYTES, Reply, Request, Stream, Unreadable
from device.errors import CallboxError, ControlError
from hal import HalError

logger = logging.getLogger(__name__)

GROUP = "callbox"
MODE = 0o660
MOST_CONNECTIONS = 32
MOST_REQUESTS = 16
"""Under way on one connection."""
IDLE_S = 60.0
"""A connection on which nothing has been under way for so long is closed: it keeps others out."""
ALIVE_WITHIN_S = 1.0


class ControlServer:
    """Serves a desk on a Unix socket."""

    def __init__(self, path: Path, desk: ControlDesk) -> None:
        self._path = path
        self._desk = desk
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen. Raises ControlError, saying why the socket cannot be."""
        listening = _bound(self._path)
        self._server = await asyncio.start_unix_server(
            self._connected, sock=listening, limit=MAX_LINE_BYTES
        )

    async def aclose(self) -> None:
        """Hang up and remove the socket. Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Judged here, one after another: of a burst nobody is refused for who is refused with them.
        if len(self._connections) >= MOST_CONNECTIONS:
            writer.write(messages.line_of(_refusal(_busy("connections", MOST_CONNECTIONS), None)))
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(
            self._serve(reader, writer), name="control-connection"
        )
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Connection(self._desk, reader, writer).run()
        except OSError as error:
            logger.info("a control connection broke: %s", error)
        except Exception:
            logger.exception("a control connection failed by a defect")
        finally:
            writer.close()


class _Connection:
    """One asker: reads its requests, and does each in a task of its own."""

    def __init__(
        self, desk: ControlDesk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._desk = desk
        self._reader = reader
        self._writer = writer
        self._writing = asyncio.Lock()
        self._requests: set[asyncio.Task[None]] = set()
        self._clock_s = asyncio.get_running_loop().time
        self._busy_until_s = self._clock_s()

    async def run(self) -> None:
        """Until the other end closes, says what cannot be read on from, or asks nothing for IDLE_S."""
        try:
            while line := await self._next_line():
                await self._take(line)
        except Unreadable as error:
            await self._say(_refusal(error, None))
        finally:
            for task in self._requests:
                task.cancel()
            await asyncio.gather(*self._requests, return_exceptions=True)

    async def _next_line(self) -> bytes:
        """Empty at the end. Raises Unreadable for a line that is too long, or has no end."""
        try:
            while True:
                try:
                    async with asyncio.timeout(IDLE_S):
                        return await self._reader.readuntil(b"\n")
                except TimeoutError:
                    if self._is_idle():
                        return b""
        except asyncio.LimitOverrunError:
            raise messages.too_long() from None
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise messages.cut_off() from None
            return b""

    def _is_idle(self) -> bool:
        return not self._requests and self._clock_s() - self._busy_until_s >= IDLE_S

    async def _take(self, line: bytes) -> None:
        self._busy_until_s = self._clock_s()
        try:
            request = messages.parse_request(line)
        except Unreadable as error:
            await self._say(_refusal(error, error.request_id))
            return
        if len(self._requests) >= MOST_REQUESTS:
            await self._say(_refusal(_busy("requests", MOST_REQUESTS), request.id))
            return
        task = asyncio.get_running_loop().create_task(self._do(request), name="control-request")
        self._requests.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._busy_until_s = self._clock_s()

    async def _do(self, request: Request) -> None:
        try:
            if isinstance(request, Stream):
                await self._tell_news(request)
                return
            body = await self._desk.answer(request)
            await self._say(messages.Answer(request.id, messages.raw(body)))
        except (CallboxError, HalError) as error:
            await self._say(_refusal(error, request.id))
        except OSError as error:
            logger.info("nobody takes the answer: %s", error)
        except Exception:
            logger.exception("defect while doing %s", type(request).__name__)
            defect = ControlError("defect", "It failed by a defect of callbox; see its log.")
            await self._say(_refusal(defect, request.id))

    async def _tell_news(self, request: Stream) -> None:
        async with self._desk.news(request) as news:
            await self._say(messages.Answer(request.id, messages.raw(None)))
            while (item := await news.get()) is not None:
                await self._say(messages.News(request.id, messages.raw(item)))
        await self._say(messages.Done(request.id))

    async def _say(self, reply: Reply) -> None:
        async with self._writing:
            self._writer.write(messages.line_of(reply))
            await self._writer.drain()


def _refusal(error: CallboxError | HalError, request_id: int | None) -> messages.Refusal:
    return messages.Refusal(request_id, error.code, str(error))


def _busy(what: str, most: int) -> ControlError:
    return ControlError("too_many", f"There are {most} {what} already. Try again later.")


def _bound(path: Path) -> socket.socket:
    """A socket that listens on the path, for its owner and its group from the first moment on."""
    try:
        _remove_stale(path)
        listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o777 & ~MODE)
        try:
            listening.bind(str(path))
        except OSError:
            listening.close()
            raise
        finally:
            os.umask(before)
    except OSError as error:
        raise ControlError(
            "control_socket",
            f"The control socket {path} cannot be made: {error.strerror or error}. The folder must "
            "be there and this user must be able to write to it; or name another with --socket.",
        ) from error
    _give_to_group(path)
    return listening


def _remove_stale(path: Path) -> None:
    """What a unit left that was killed. Raises ControlError where one is still there."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ALIVE_WITHIN_S)
        try:
            probe.connect(str(path))
        except TimeoutError:
            pass  # somebody listens, and is slow to take us
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise ControlError(
        "unit_running",
        f"A unit runs here already and serves {path}. Stop it first (systemctl stop callbox), or "
        "give this one another --socket.",
    )


def _give_to_group(path: Path) -> None:
    try:
        os.chown(path, -1, grp.getgrnam(GROUP).gr_gid)
    except (KeyError, PermissionError):
        logger.info("%s belongs to this user's own group: there is no group %s", path, GROUP)
