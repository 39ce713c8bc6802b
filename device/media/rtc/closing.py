"""Ends a peer connection within a given time, leaving nothing, even one whose own ``close`` hangs.

It hangs, for one, when a socket cannot be written to: asyncio then waits, on closing, for the rest to
go. And aiortc begins tasks that nobody owns: here they have an owner.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from aioice.turn import TurnTransport
from aiortc import RTCPeerConnection

from device.media.rtc.ice import Gathering, gathering

logger = logging.getLogger(__name__)

GATHERED_WITHIN_S = 0.2
"""Candidates of the host are there in milliseconds; a dead STUN server is not waited for."""
ENDED_WITHIN_S = 0.1
"""A task that has been told to end, or whose connection has been closed."""


class Closer:
    """Of one connection, made with it."""

    def __init__(self, connection: RTCPeerConnection, loopback_only: bool) -> None:
        self._connection = connection
        self._how = Gathering(loopback_only)
        self._describing: asyncio.Task[None] | None = None
        self._connecting: set[asyncio.Task[Any]] = set()
        private: Any = connection
        stock = private._RTCPeerConnection__connect

        async def connect() -> None:
            task = asyncio.current_task()
            if task is not None:
                self._connecting.add(task)
                task.add_done_callback(self._connecting.discard)
            await stock()

        private._RTCPeerConnection__connect = connect

    async def describe(self) -> str:
        """Set the local description, with candidates, and return it.

        In a task of its own: a caller that is cancelled must not leave sockets half made.
        """
        self._describing = asyncio.get_running_loop().create_task(self._describe())
        await asyncio.shield(self._describing)
        sdp = self._connection.localDescription.sdp
        return sdp.replace("a=end-of-candidates\r\n", "") if self._how.late else sdp

    def late_candidates(self) -> AsyncIterator[str]:
        """Lines for the other end, that were not there in time for the description; the last is
        empty. None at all if everything was."""
        return self._how.late_candidates()

    async def close(self, limit_s: float) -> bool:
        """Whether the connection closed by itself; else it was cut off. Idempotent."""
        # aioice forgets sockets that it opens while it is being closed, so that has to end first.
        await _ended(self._describing, within_s=GATHERED_WITHIN_S)
        is_clean = self._describing is None or self._describing.done()
        # Connecting must not go on either: it would begin to ask for consent, for ever.
        await _cancelled(self._describing, *self._how.tasks, *self._connecting)
        private: Any = self._connection
        # aiortc closes by itself when the other end has. Who is cancelled while waiting for that in
        # its ``close`` breaks it.
        closing: asyncio.Task[None] | None = private._RTCPeerConnection__closeTask
        try:
            async with asyncio.timeout(limit_s):
                await (asyncio.shield(closing) if closing else self._connection.close())
        except Exception as error:  # whatever was wrong with it, it has to go
            logger.warning("A link did not close by itself (%r) and was cut off", error)
            is_clean = False
        if not is_clean:
            await _cut_off(self._connection)
            await _ended(closing, within_s=ENDED_WITHIN_S)
            await _cancelled(closing)
        return is_clean

    async def _describe(self) -> None:
        with gathering(self._how):
            await self._connection.setLocalDescription()


async def _ended(*tasks: asyncio.Task[Any] | None, within_s: float) -> None:
    living = [task for task in tasks if task is not None and not task.done()]
    if living:
        await asyncio.wait(living, timeout=within_s)


async def _cancelled(*tasks: asyncio.Task[Any] | None) -> None:
    for task in tasks:
        if task is not None:
            task.cancel()
    await _ended(*tasks, within_s=ENDED_WITHIN_S)


async def _cut_off(connection: RTCPeerConnection) -> None:
    """What ``close`` would have done, by force."""
    tasks: list[asyncio.Task[Any] | None] = []
    for transceiver in connection.getTransceivers():
        sender: Any = transceiver.sender
        receiver: Any = transceiver.receiver
        tasks += (sender._RTCRtpSender__rtp_task, sender._RTCRtpSender__rtcp_task)
        tasks.append(receiver._RTCRtpReceiver__rtcp_task)
        receiver._RTCRtpReceiver__stop_decoder()
        if receiver.track is not None:
            receiver.track.stop()
    private: Any = connection
    tasks += [dtls._task for dtls in private._RTCPeerConnection__dtlsTransports]
    for ice in private._RTCPeerConnection__iceTransports:
        tasks.append(ice._RTCIceTransport__monitor_task)
        tasks.append(ice._connection._query_consent_task)
        tasks += [pair.task for pair in ice._connection._check_list]
        for protocol in ice._connection._protocols:
            if isinstance(protocol.transport, TurnTransport):
                tasks += await _given_up(protocol.transport)
            else:
                protocol.transport.abort()
    await _cancelled(*tasks)


async def _given_up(relay: Any) -> list[asyncio.Task[Any]]:
    """A TURN server has been asked to free the allocation of a TurnTransport; what still runs."""
    relay.close()
    await _ended(relay._TurnTransport__close_task, within_s=ENDED_WITHIN_S)
    relay._TurnTransport__inner_protocol.transport.abort()  # TCP would wait for what is still to go
    return [relay._TurnTransport__close_task, *relay._TurnTransport__send_tasks]
