"""Two units ring each other through a real exchange: buttons, tones, sessions."""

import pytest

from device.errors import ExchangeError
from device.phone.table import Phase
from device.phone.tones import INCOMING_HZ, RINGBACK_HZ
from device.phone.values import Whom
from hal import Button
from tests.exchange.conftest import RunningExchange
from tests.media.world import until
from tests.phone.conftest import Station, phone_config, station


@pytest.mark.spec("8.accept_call")
@pytest.mark.spec("8.end_call")
async def test_the_call_button_rings_and_the_other_answers_with_it(
    door: Station, ana: Station
) -> None:
    door.tap(Button.CALL)
    await ana.is_in(Phase.RINGING)
    await until(lambda: abs(door.heard_hz() - RINGBACK_HZ) < 5)
    await until(lambda: min(abs(ana.heard_hz() - hz) for hz in INCOMING_HZ) < 5)
    ana.tap(Button.CALL)
    await ana.is_linked()
    await door.is_linked()
    call = door.unit.calls.active
    ana.tap(Button.CALL)  # in a call it does nothing
    assert (ana.phase, door.phase) == (Phase.IN_CALL, Phase.IN_CALL)
    assert door.unit.calls.active is call
    ana.tap(Button.END_CALL)
    await door.is_in(Phase.IDLE)
    await ana.is_in(Phase.IDLE)
    await until(lambda: ana.unit.calls.active is None and door.unit.calls.active is None)
    await door.is_silent()
    await ana.is_silent()


@pytest.mark.spec("8.cancel_call")
async def test_the_end_button_cancels_and_both_fall_silent(door: Station, ana: Station) -> None:
    door.tap(Button.CALL)
    await ana.is_in(Phase.RINGING)
    await until(lambda: ana.audio.selected is not None)
    door.tap(Button.END_CALL)
    await ana.is_in(Phase.IDLE)
    await ana.is_silent()
    await door.is_silent()


@pytest.mark.spec("8.reject_call")
async def test_the_end_button_rejects(door: Station, ana: Station) -> None:
    door.tap(Button.CALL)
    await ana.is_in(Phase.RINGING)
    ana.tap(Button.END_CALL)
    await door.is_in(Phase.IDLE)
    assert any("nobody wanted to answer" in words for words in door.told)


async def test_it_answers_by_itself(exchange: RunningExchange, door: Station) -> None:
    ringing = {"auto_answer": True, "auto_answer_after_s": 0.1}
    async with station(phone_config(exchange.url, "ana", ringing=ringing)) as ana:
        door.tap(Button.CALL)
        await ana.is_linked()
        await door.is_linked()
        assert ana.phase is Phase.IN_CALL


@pytest.mark.spec("8.busy")
async def test_not_to_be_disturbed_it_is_busy(exchange: RunningExchange, door: Station) -> None:
    ringing = {"do_not_disturb": "00:00-24:00"}
    async with station(phone_config(exchange.url, "ana", ringing=ringing)) as ana:
        assert await refused(door) == "busy"
        assert ana.audio.selected is None
        await ana.unit.phone.set_do_not_disturb(False)
        await until(lambda: not ana.unit.phone.state.do_not_disturb)
        assert any("busy" in words for words in door.told)


async def refused(door: Station) -> str:
    """Once the exchange has heard of it; before, the unit is silent by itself."""
    while True:
        try:
            await door.unit.phone.call(Whom("ana"), audio_only=False)
        except ExchangeError as error:
            return error.code
        await door.unit.phone.hang_up()


async def test_an_audio_call_opens_no_camera(door: Station, ana: Station) -> None:
    await door.unit.phone.call(Whom("ana"), audio_only=True)
    await ana.is_in(Phase.RINGING)
    await ana.unit.phone.answer()
    await until(lambda: bool((call := ana.unit.calls.active) and call.snapshot.peers))
    assert not ana.unit.hardware.camera.is_open


async def test_a_ring_is_heard_in_the_configured_session_which_it_goes_back_to(
    exchange: RunningExchange, door: Station
) -> None:
    config = phone_config(exchange.url, "ana", unit={"session": "hall"})
    async with station(config) as ana:
        await until(lambda: ana.unit.hardware.camera.is_open)
        door.tap(Button.CALL)
        await until(lambda: min(abs(ana.heard_hz() - hz) for hz in INCOMING_HZ) < 5)
        hall = ana.unit.calls.active
        assert hall is not None
        assert hall.session_id == "hall"
        ana.tap(Button.CALL)
        await door.is_linked()
        assert hall.snapshot.call_ended or not hall.snapshot.is_live
        door.tap(Button.END_CALL)
        await until(lambda: bool((call := ana.unit.calls.active) and call.session_id == "hall"))


async def test_without_the_exchange_the_tone_ends_in_time(
    exchange: RunningExchange, door: Station
) -> None:
    config = phone_config(exchange.url, "ana", ringing={"ring_for_s": 3.0})
    async with station(config) as ana:
        door.tap(Button.CALL)
        await ana.is_in(Phase.RINGING)
        await exchange.stop()
        await ana.is_in(Phase.IDLE)
        await ana.is_silent()
