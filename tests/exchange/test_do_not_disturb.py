"""Who wants to be left in peace is not rung, and finds in the log who called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from device.errors import ExchangeError
from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import opened
from device.exchange.server.store import Group
from device.exchange.wire import CallItem
from tests.exchange.conftest import RunningExchange
from tests.exchange.members import signed_in, until
from tests.exchange.phones import Phone, phone

Accounts = dict[str, ExchangeAccount]


@pytest.fixture
async def phones(accounts: Accounts) -> AsyncIterator[dict[str, Phone]]:
    async with AsyncExitStack() as stack:
        yield {
            uid: await stack.enter_async_context(phone(accounts[uid]))
            for uid in ("door", "ana", "ben")
        }


def standings(call: CallItem) -> dict[str, str]:
    return {party.user.uid: party.standing for party in call.parties}


async def test_who_is_in_it_is_not_rung_and_has_missed_the_call(phones: dict[str, Phone]) -> None:
    await phones["ana"].line.set_do_not_disturb(True)
    call = await phones["door"].line.initiate("ana")
    assert (call.status, standings(call)) == ("busy", {"door": "left", "ana": "missed"})
    for each in phones.values():
        await each.has_no_news()
    await phones["ana"].line.set_do_not_disturb(False)
    assert (await phones["door"].line.initiate("ana")).status == "initiated"
    await phones["ana"].news("incoming")


async def test_another_device_of_theirs_rings(accounts: Accounts, phones: dict[str, Phone]) -> None:
    await phones["ana"].line.set_do_not_disturb(True)
    async with phone(accounts["ana"], "two") as second:
        assert (await phones["door"].line.initiate("ana")).status == "initiated"
        await second.news("incoming")


async def test_of_a_group_the_others_are_rung(
    exchange: RunningExchange, phones: dict[str, Phone]
) -> None:
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "Family", ("ana", "ben")))
    await phones["ana"].line.set_do_not_disturb(True)
    call = await phones["door"].line.initiate("family", "group")
    assert standings(call) == {"door": "calling", "ana": "missed", "ben": "ringing"}
    await phones["ben"].news("incoming")
    await phones["ben"].line.reject(call.session_id)
    assert (await phones["door"].news("rejected")).status == "rejected"
    await phones["ana"].has_no_news()


async def test_it_holds_over_a_restart_and_a_new_registration(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    async with phone(accounts["door"]) as door, phone(accounts["ana"]) as ana:
        await ana.line.set_do_not_disturb(True)
        await exchange.stop()
        await exchange.start()
        assert (await door.line.initiate("ana")).status == "busy"
        await until(lambda: exchange.clock.pending == 0)
        await ana.unplug()
        await until(lambda: exchange.clock.pending == 1)
        exchange.clock.turn(16)  # the exchange has forgotten the device
        ana.facts = asyncio.Queue()
        await ana.plug_in()
        assert (await door.line.initiate("ana")).status == "busy"


async def test_a_device_has_to_be_registered(accounts: Accounts) -> None:
    line = accounts["ana"].new_line("never registered", await signed_in(accounts["ana"]))
    await line.set_do_not_disturb(True)  # it is told once it registers
    line._last_event = 0
    with pytest.raises(ExchangeError) as error:
        await line.set_do_not_disturb(True)
    assert error.value.code == "device_unknown"
