"""In the session of one call at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from device.errors import CallboxError, ExchangeError, ExchangeUnreachable, TokenRefused
from device.phone.inputs import SessionFailed, SessionOver
from device.phone.ports import Sessions
from device.phone.values import PhoneCall
from device.session.values import CallToken, EndReason
from hal import HalError

logger = logging.getLogger(__name__)

Report = Callable[[SessionOver | SessionFailed], None]


class Stay:
    """``run`` it; it goes from session to session as it is told."""

    def __init__(
        self,
        sessions: Sessions,
        token_for: Callable[[str], Awaitable[CallToken]],
        report: Report,
    ) -> None:
        self._sessions = sessions
        self._token_for = token_for
        self._report = report
        self._wanted: PhoneCall | None = None
        self._changed = asyncio.Event()

    def enter(self, call: PhoneCall | None) -> None:
        """None: none, and the unit is free for its own. The same again joins again."""
        self._wanted = call
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled; then it has left."""
        while True:
            self._changed.clear()
            call = self._wanted
            self._sessions.hold(call is not None)
            staying = None if call is None else asyncio.create_task(self._be_in(call))
            try:
                await self._changed.wait()
            finally:
                if staying is not None:
                    staying.cancel()
                    await asyncio.wait([staying])

    async def _be_in(self, call: PhoneCall) -> None:
        try:
            reason = await self._session(call)
        except (CallboxError, HalError) as error:
            is_final = isinstance(error, ExchangeError) and not isinstance(
                error, ExchangeUnreachable | TokenRefused
            )
            self._report(SessionFailed(call.session_id, str(error), is_final))
        except Exception:
            logger.exception("a phone call failed by a defect")
            self._report(SessionFailed(call.session_id, "callbox has a defect.", is_final=True))
        else:
            self._report(SessionOver(call.session_id, reason))

    async def _session(self, call: PhoneCall) -> EndReason:
        token = await self._token_for(call.session_id)
        session = await self._sessions.enter(token, call.is_audio_only)
        try:
            await session.wait_ended()
        finally:
            await session.end_session()  # twice is once
            await session.wait_ended()
        return session.snapshot.end_reason or EndReason.FAILED
