"""A unit, wired: hardware, media, the exchange's client, the call and its buttons.

The one place that chooses back-ends. Opened in the order hardware, account, calls; closed in the
opposite order, each clean-up apart from the others.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from device.config import Config, Decoder, EchoCanceller, ExchangeTable
from device.control.broadcast import Broadcast
from device.control.door import DoorButton
from device.control.lamps import LampPanel
from device.control.panel import ButtonPanel
from device.control.readings import Check, Verdict
from device.doctor.hardware import check_hardware, parts_of
from device.doctor.threads import watched
from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.media.picture.codecs import check_board_decoder
from device.media.voice import webrtc
from device.phone.events import PhoneEvent
from device.reporter import Tell
from device.session.call import Calls
from device.session.events import Event
from device.unit import Unit
from hal import HalError
from hal.hardware import Hardware
from hal.select import hardware_from

logger = logging.getLogger(__name__)


@asynccontextmanager
async def open_unit(
    config: Config, loopback_only: bool = False, tell: Tell = logger.warning
) -> AsyncIterator[Unit]:
    """A unit with its hardware claimed. Leaving ends its call and frees everything.

    Raises HalError for hardware that cannot be claimed, ConfigError for a certificate that cannot be
    read, and as ``choose`` does.
    """
    async with AsyncExitStack() as stack:
        hardware = choose(config)
        account = ExchangeAccount(_address(config.exchange))
        stack.push_async_callback(account.aclose)
        hardware.outputs.open()
        stack.callback(hardware.outputs.close)
        unit: Unit
        events: Broadcast[Event | PhoneEvent] = Broadcast()
        lamps = LampPanel(hardware.outputs)
        await stack.enter_async_context(watched(hardware.audio))
        calls = Calls(
            lambda: unit.new_media(), account.new_call, None, events.tell, lamps.show_call
        )
        door = DoorButton(lambda: unit.open_door(), lambda words: unit.say(words))
        stack.callback(door.close)
        unit = Unit(
            config, hardware, account, calls, lamps, door, loopback_only, tell, events=events
        )
        panel = ButtonPanel(hardware.buttons, unit.on_button)
        panel.open()
        stack.callback(panel.close)
        await stack.enter_async_context(calls)
        yield unit


def choose(config: Config) -> Hardware:
    """Nothing of it is open yet. Raises HalError for what is not on this machine, MediaError for an echo
    canceller or a decoder that is not."""
    if config.media.echo_canceller is EchoCanceller.WEBRTC:
        webrtc.load()  # now, and not in the middle of the first call
    if config.media.decoder is Decoder.BOARD:
        check_board_decoder()
    return hardware_from(config.hardware)


async def check_own_hardware(config: Config) -> list[Check]:
    """Look at the hardware where no unit runs that has it."""
    try:
        hardware = hardware_from(config.hardware)
    except HalError as error:
        remedy = "Install what it needs, or set another under [hardware] in callbox.toml."
        return [Check("hardware", Verdict.FAILED, str(error), remedy)]
    async with watched(hardware.audio):
        return await check_hardware(parts_of(hardware, config, is_claimed=False), None)


def _address(table: ExchangeTable) -> ExchangeAddress | None:
    if not table.url:
        return None
    return ExchangeAddress(table.url, table.uid, table.password, table.certificate)
