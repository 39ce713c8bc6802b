"""A unit, wired: hardware, media, the exchange's client, the call and its buttons.

The one place that chooses back-ends. Opened in the order hardware, account, calls; closed in the
opposite order, each clean-up apart from the others.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

from device.config import Config, EchoCanceller, ExchangeTable
from device.control.panel import ButtonPanel
from device.errors import CallboxError, ConfigError, ExchangeUnreachable
from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.media.engine import MediaEngine
from device.media.voice import webrtc
from device.session.call import Calls, CallSession
from device.session.facts import ButtonReported
from device.session.values import EndReason
from hal.select import Hardware, hardware_from

logger = logging.getLogger(__name__)

RETRY_FIRST_S = 1.0
RETRY_LONGEST_S = 60.0
CHOSEN = frozenset({EndReason.LOCAL_END, EndReason.IDLE_TIMEOUT, EndReason.REMOVED})
"""Ends that a person wanted; after any other the unit joins again."""


@dataclass(slots=True)
class Unit:
    """A running unit. ``media`` is the engine of the call that is on, or was last."""

    config: Config
    hardware: Hardware
    account: ExchangeAccount
    calls: Calls
    loopback_only: bool = False
    media: MediaEngine | None = None
    listeners: dict[str, object] = field(default_factory=dict)
    """Registered with each call that the unit starts."""

    def new_media(self) -> MediaEngine:
        self.media = MediaEngine(
            self.hardware.camera,
            self.hardware.audio,
            self.config.video,
            self.loopback_only,
            echo_cancelling=self.config.media.echo_canceller is EchoCanceller.WEBRTC,
        )
        return self.media

    async def join(self, session_id: str) -> CallSession:
        """Sign in, get a token, start the session. Raises ExchangeError and CallError kinds."""
        auth_token = await self.account.sign_in()
        token = await self.account.generate_token(session_id, auth_token)
        call = await self.calls.start_session(token, self.config.call)
        for listener_id, listener in self.listeners.items():
            call.add_call_listener(listener_id, listener)
        return call

    async def run(
        self,
        on_trouble: Callable[[str], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Be in the configured session until a person ends it. ``on_trouble`` hears, in words, why
        the unit is not in it right now; it goes on trying, ever more slowly.

        Raises ConfigError without a session's name.
        """
        session_id = self.config.unit.session
        if not session_id:
            raise ConfigError("No session is set. Set session under [unit], or give --session.")
        retry_s = RETRY_FIRST_S
        while True:
            try:
                call = await self.join(session_id)
                retry_s = RETRY_FIRST_S
                await call.wait_ended()
                reason = call.snapshot.end_reason
                if reason in CHOSEN or not self.config.unit.rejoin:
                    return
                on_trouble(f"The call ended: {reason.value if reason else 'unknown'}.")
            except CallboxError as error:
                if not self.config.unit.rejoin and not isinstance(error, ExchangeUnreachable):
                    raise
                on_trouble(f"{error} Trying again in {retry_s:.0f} s.")
            await sleep(retry_s)
            retry_s = min(2 * retry_s, RETRY_LONGEST_S)

    def on_button(self, fact: ButtonReported) -> None:
        """A press outside a call does nothing yet."""
        call = self.calls.active
        if call is not None:
            call.report_button(fact)


@asynccontextmanager
async def open_unit(config: Config, loopback_only: bool = False) -> AsyncIterator[Unit]:
    """A unit with its hardware claimed. Leaving ends its call and frees everything.

    Raises HalError for hardware that cannot be claimed, ExchangeUnreachable for a certificate that
    cannot be read, MediaError for an echo canceller that is not installed.
    """
    if config.media.echo_canceller is EchoCanceller.WEBRTC:
        webrtc.load()  # now, and not in the middle of the first call
    async with AsyncExitStack() as stack:
        hardware = hardware_from(config.hardware)
        account = ExchangeAccount(_address(config.exchange))
        stack.push_async_callback(account.aclose)
        hardware.outputs.open()
        stack.callback(hardware.outputs.close)
        unit: Unit
        calls = Calls(lambda: unit.new_media(), account.new_call)
        unit = Unit(config, hardware, account, calls, loopback_only)
        panel = ButtonPanel(hardware.buttons, unit.on_button)
        panel.open()
        stack.callback(panel.close)
        await stack.enter_async_context(calls)
        yield unit


def with_session(config: Config, session_id: str | None) -> Config:
    """The configuration with another session to join."""
    if session_id is None:
        return config
    return replace(config, unit=replace(config.unit, session=session_id))


def _address(table: ExchangeTable) -> ExchangeAddress | None:
    if not table.url:
        return None
    return ExchangeAddress(table.url, table.uid, table.password, table.certificate)
