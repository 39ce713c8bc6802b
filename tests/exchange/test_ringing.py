"""Section 8 of the specification, through the real HTTP interface with the unit's client."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from device.errors import ExchangeError, TokenRefused
from device.exchange.client import ExchangeAccount
from device.exchange.server.administration import opened
from device.exchange.server.store import Group
from device.session.facts import RemovedFromSession
from device.session.values import EndReason, MediaState
from tests.exchange.conftest import RunningExchange
from tests.exchange.members import enter, signed_in, until
from tests.exchange.phones import Phone, phone

Accounts = dict[str, ExchangeAccount]


@pytest.fixture
async def phones(accounts: Accounts) -> AsyncIterator[dict[str, Phone]]:
    async with AsyncExitStack() as stack:
        yield {
            uid: await stack.enter_async_context(phone(account))
            for uid, account in accounts.items()
        }


@pytest.fixture
async def family(exchange: RunningExchange) -> str:
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "The family", ("ana", "ben", "door")))
    return "family"


async def refused(what: Awaitable[object]) -> str:
    with pytest.raises(ExchangeError) as error:
        await what
    return error.value.code


async def waits(exchange: RunningExchange, for_what: int) -> None:
    """Until the exchange waits for so many: lines that are away, and calls with a deadline."""
    await until(lambda: exchange.clock.pending == for_what)


@pytest.mark.spec("8.accept_call")
async def test_a_call_rings_and_is_answered(accounts: Accounts, phones: dict[str, Phone]) -> None:
    async with phone(accounts["ana"], "two") as second:
        call = await phones["door"].line.initiate("ana")
        assert (call.status, call.receiver_name) == ("initiated", "Ana")
        for rung in (phones["ana"], second):
            incoming = await rung.news("incoming")
            assert incoming.session_id == call.session_id
            assert incoming.parties[0].user.name == "Door"
        answered = await phones["ana"].line.accept(call.session_id)
        assert answered.status == "ongoing"
        assert (await second.news("answered_elsewhere")).status == "ongoing"
        assert (await phones["door"].news("accepted")).joined_at is not None
        for each in (*phones.values(), second):
            await each.has_no_news()


@pytest.mark.spec("8.reject_call")
async def test_a_call_is_refused(phones: dict[str, Phone]) -> None:
    call = await phones["door"].line.initiate("ana", call_type="audio")
    await phones["ana"].news("incoming")
    assert (await phones["ana"].line.reject(call.session_id)).status == "rejected"
    told = await phones["door"].news("rejected")
    assert (told.status, told.call_type) == ("rejected", "audio")
    assert await phones["door"].line.active_call() is None


@pytest.mark.spec("8.cancel_call")
async def test_a_call_is_cancelled(phones: dict[str, Phone]) -> None:
    call = await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    await phones["door"].line.cancel(call.session_id)
    assert (await phones["ana"].news("cancelled")).status == "cancelled"
    assert await refused(phones["ana"].line.accept(call.session_id)) == "call_terminated"


@pytest.mark.spec("8.unanswered")
async def test_a_call_that_nobody_answers_ends_after_45_s(
    exchange: RunningExchange, phones: dict[str, Phone]
) -> None:
    await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    exchange.clock.turn(44.9)
    assert await phones["door"].line.active_call() is not None
    exchange.clock.turn(0.2)
    for uid in ("ana", "door"):
        assert (await phones[uid].news("unanswered")).status == "unanswered"


@pytest.mark.spec("8.end_call")
async def test_the_end_of_a_call_ends_it_for_both_and_their_session(
    accounts: Accounts, phones: dict[str, Phone]
) -> None:
    call = await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    await phones["ana"].line.accept(call.session_id)
    await phones["door"].news("accepted")
    door = await enter(accounts["door"], call.session_id)
    await enter(accounts["ana"], call.session_id)
    ended = await phones["ana"].line.end(call.session_id)
    assert ended.joined_at is not None
    assert ended.ended_at is not None
    assert ended.ended_at >= ended.joined_at
    assert (await phones["door"].news("ended")).status == "ended"
    assert (await door.next(RemovedFromSession)).reason is EndReason.REMOTE_END
    assert await phones["door"].line.active_call() is None
    await phones["ana"].has_no_news()


@pytest.mark.spec("8.busy")
async def test_who_is_in_a_call_is_busy(phones: dict[str, Phone]) -> None:
    call = await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    await phones["ana"].line.accept(call.session_id)
    assert (await phones["ben"].line.initiate("ana")).status == "busy"
    assert (await phones["ben"].line.initiate("door")).status == "busy"
    await phones["ana"].has_no_news()


async def test_two_may_ring_at_once_and_answering_one_refuses_the_other(
    phones: dict[str, Phone],
) -> None:
    first = await phones["door"].line.initiate("ana")
    second = await phones["ben"].line.initiate("ana")
    for call in (first, second):
        assert (await phones["ana"].news("incoming")).session_id == call.session_id
    await phones["ana"].line.accept(second.session_id)
    assert (await phones["ana"].news("answered_elsewhere")).session_id == first.session_id
    assert (await phones["door"].news("busy")).session_id == first.session_id
    assert (await phones["ben"].news("accepted")).session_id == second.session_id


@pytest.mark.spec("8.crossed")
async def test_crossed_calls_become_one(phones: dict[str, Phone]) -> None:
    theirs, ours = await asyncio.gather(
        phones["door"].line.initiate("ana"), phones["ana"].line.initiate("door")
    )
    assert theirs.session_id == ours.session_id
    assert {theirs.status, ours.status} == {"initiated", "ongoing"}
    first, later = ("door", "ana") if theirs.status == "initiated" else ("ana", "door")
    await phones[first].news("accepted")
    await phones[later].news("incoming")
    await phones[later].has_no_news()


Do = Callable[[dict[str, Phone], str], Awaitable[object]]


async def answered(phones: dict[str, Phone]) -> str:
    call = await phones["door"].line.initiate("ana")
    await phones["ana"].line.accept(call.session_id)
    return call.session_id


@pytest.mark.spec("8.refusals")
@pytest.mark.parametrize(
    ("code", "do"),
    [
        ("own_call", lambda p, _: p["ben"].line.initiate("ben")),
        ("caller_busy", lambda p, _: p["ana"].line.initiate("ben")),
        ("callee_unknown", lambda p, _: p["ben"].line.initiate("nobody")),
        ("callee_unknown", lambda p, _: p["ben"].line.initiate("nobody", "group")),
        ("call_not_found", lambda p, _: p["ana"].line.accept("no-such-call")),
        ("not_in_call", lambda p, call: p["ben"].line.accept(call)),
        ("not_in_call", lambda p, call: p["ben"].line.end(call)),
        ("not_in_call", lambda p, call: p["ben"].line.reject(call)),
        ("call_answered", lambda p, call: p["door"].line.cancel(call)),
        ("call_answered", lambda p, call: p["ana"].line.reject(call)),
    ],
)  # fmt: skip
async def test_each_refusal_has_its_code_and_changes_nothing(
    phones: dict[str, Phone], code: str, do: Do
) -> None:
    session_id = await answered(phones)
    before = await phones["ana"].line.active_call()
    assert await refused(do(phones, session_id)) == code
    assert await phones["ana"].line.active_call() == before


async def test_what_is_not_yet_and_no_longer_is_refused(
    accounts: Accounts, phones: dict[str, Phone]
) -> None:
    call = await phones["door"].line.initiate("ana")
    assert await refused(phones["door"].line.end(call.session_id)) == "call_not_started"
    assert await refused(phones["door"].line.accept(call.session_id)) == "not_receiver"
    assert await refused(phones["ana"].line.cancel(call.session_id)) == "not_caller"
    async with phone(accounts["ana"], "two") as second:
        await phones["ana"].line.accept(call.session_id)
        assert await refused(second.line.accept(call.session_id)) == "answered_elsewhere"
    await phones["ana"].line.end(call.session_id)
    for too_late in (phones["ana"].line.end, phones["door"].line.cancel):
        assert await refused(too_late(call.session_id)) == "call_terminated"


async def test_one_who_has_no_device_is_not_reachable(accounts: Accounts) -> None:
    async with phone(accounts["door"]) as door:
        assert await refused(door.line.initiate("ana")) == "callee_not_reachable"


async def test_a_device_has_to_be_registered(accounts: Accounts, phones: dict[str, Phone]) -> None:
    stranger = accounts["ben"].new_line("never registered", await signed_in(accounts["ben"]))
    assert await refused(stranger.initiate("ana")) == "device_unknown"


@pytest.mark.spec("8.group")
async def test_a_group_rings_all_and_the_others_may_join(
    phones: dict[str, Phone], family: str
) -> None:
    call = await phones["door"].line.initiate(family, "group")
    assert call.receiver_name == "The family"
    for uid in ("ana", "ben"):
        await phones[uid].news("incoming")
    await phones["ana"].line.accept(call.session_id)
    await phones["door"].news("accepted")
    await phones["ben"].line.accept(call.session_id)
    for uid in ("door", "ana"):
        await phones[uid].news("accepted")
    await phones["door"].line.end(call.session_id)
    for uid in ("ana", "ben"):
        assert (await phones[uid].news("left")).status == "ongoing"
    await phones["ana"].line.end(call.session_id)
    assert (await phones["ben"].news("ended")).status == "ended"
    await phones["eve"].has_no_news()


@pytest.mark.spec("8.group")
async def test_a_group_call_is_unanswered_only_if_nobody_answers(
    exchange: RunningExchange, phones: dict[str, Phone], family: str
) -> None:
    call = await phones["door"].line.initiate(family, "group")
    await phones["ana"].news("incoming")
    await phones["ben"].news("incoming")
    await phones["ana"].line.reject(call.session_id)
    await phones["door"].has_no_news()
    exchange.clock.turn(46)
    await phones["ben"].news("unanswered")
    assert (await phones["door"].news("unanswered")).status == "unanswered"


@pytest.mark.spec("8.group")
async def test_of_a_group_nobody_waits_for_who_has_no_device(
    accounts: Accounts, family: str
) -> None:
    async with phone(accounts["door"]) as door, phone(accounts["ana"]) as ana:
        call = await door.line.initiate(family, "group")
        assert [party.standing for party in call.parties] == ["calling", "ringing", "missed"]
        await ana.news("incoming")
        await ana.line.reject(call.session_id)
        assert (await door.news("rejected")).status == "rejected"
        call = await ana.line.initiate("door")
        await door.line.accept(call.session_id)
        async with phone(accounts["eve"]) as eve:
            # Nothing rings, so the caller does not hear it ring either.
            assert (await eve.line.initiate(family, "group")).status == "busy"


@pytest.mark.spec("8.group")
async def test_of_a_group_who_is_away_for_a_moment_rings_when_they_are_back(
    exchange: RunningExchange, accounts: Accounts, family: str
) -> None:
    async with (
        phone(accounts["door"]) as door,
        phone(accounts["ana"]) as ana,
        phone(accounts["ben"]) as ben,
    ):
        await waits(exchange, 0)
        await ben.unplug()
        await waits(exchange, 1)
        call = await door.line.initiate(family, "group")
        await ana.line.reject(call.session_id)
        await door.has_no_news()
        registered = await ben.plug_in_anew(accounts["ben"])
        assert [each.session_id for each in registered.ringing] == [call.session_id]
        assert (await ben.line.accept(call.session_id)).status == "ongoing"


async def test_a_unit_that_comes_back_rings_again(accounts: Accounts) -> None:
    async with phone(accounts["door"]) as door, phone(accounts["ana"]) as ana:
        call = await door.line.initiate("ana")
        await ana.news("incoming")
        await ana.unplug()
        again = Phone(accounts["ana"].new_line("one", await signed_in(accounts["ana"])))
        registered = await again.plug_in()
        assert [each.session_id for each in registered.ringing] == [call.session_id]
        assert (await again.line.accept(call.session_id)).status == "ongoing"
        await again.unplug()


@pytest.mark.spec("8.get_active_call")
async def test_a_unit_that_lost_power_finds_its_call_and_goes_back_to_it(
    exchange: RunningExchange, accounts: Accounts, phones: dict[str, Phone]
) -> None:
    session_id = await answered(phones)
    await phones["door"].news("accepted")
    door = await enter(accounts["door"], session_id)
    await enter(accounts["ana"], session_id)
    await waits(exchange, 0)
    await phones["door"].unplug()
    await door.call.aclose()
    await waits(exchange, 2)
    exchange.clock.turn(40)  # the exchange has given up its device and its membership
    registered = await phones["door"].plug_in_anew(accounts["door"])
    assert registered.active is not None
    assert registered.active.session_id == session_id
    await enter(accounts["door"], session_id)
    exchange.clock.turn(50)
    assert (await phones["door"].line.active_call()) is not None


@pytest.mark.spec("8.clear_active_call")
async def test_a_call_whose_party_does_not_come_back_is_over(
    exchange: RunningExchange, accounts: Accounts, phones: dict[str, Phone]
) -> None:
    session_id = await answered(phones)
    door = await enter(accounts["door"], session_id)
    await enter(accounts["ana"], session_id)
    await phones["ana"].news("incoming")
    await waits(exchange, 0)
    await door.call.aclose()
    await waits(exchange, 1)
    exchange.clock.turn(16)
    await waits(exchange, 1)
    assert await phones["ana"].line.active_call() is not None
    exchange.clock.turn(61)
    assert (await phones["ana"].news("ended")).status == "ended"
    assert (await phones["ben"].line.initiate("ana")).status == "initiated"


@pytest.mark.spec("8.clear_active_call")
async def test_clearing_the_active_call_frees_for_the_next(phones: dict[str, Phone]) -> None:
    session_id = await answered(phones)
    await phones["ana"].line.clear_active_call()
    await phones["ana"].line.clear_active_call()
    assert await refused(phones["door"].line.end(session_id)) == "call_terminated"
    await phones["door"].line.initiate("ben")
    await phones["door"].line.clear_active_call()
    assert await phones["door"].line.active_call() is None


async def test_a_caller_whose_power_goes_stops_the_ringing(
    exchange: RunningExchange, phones: dict[str, Phone]
) -> None:
    await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    await waits(exchange, 1)
    await phones["door"].unplug()
    await waits(exchange, 2)
    exchange.clock.turn(16)
    await phones["ana"].news("cancelled")


async def test_a_request_that_comes_twice_is_one_call(phones: dict[str, Phone]) -> None:
    first = await phones["door"].line.initiate("ana")
    assert (await phones["door"].line.initiate("ana")).session_id == first.session_id
    await phones["ana"].news("incoming")
    once = await phones["ana"].line.accept(first.session_id)
    assert await phones["ana"].line.accept(first.session_id) == once
    await phones["door"].news("accepted")
    for each in phones.values():
        await each.has_no_news()


async def test_ringing_goes_on_over_a_restart_of_the_exchange(
    exchange: RunningExchange, phones: dict[str, Phone]
) -> None:
    await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    await exchange.stop()
    exchange.wall.now_s += 30
    await exchange.start()
    await waits(exchange, 1)  # the lines are back, only the call has a deadline
    exchange.clock.turn(14.9)
    assert await phones["door"].line.active_call() is not None
    exchange.clock.turn(0.2)
    await phones["ana"].next_news("unanswered")
    await phones["door"].next_news("unanswered")


async def test_a_changed_wall_clock_ends_no_call(
    exchange: RunningExchange, phones: dict[str, Phone]
) -> None:
    await phones["door"].line.initiate("ana")
    await phones["ana"].news("incoming")
    exchange.wall.now_s += 3600
    exchange.clock.turn(44)
    await phones["ana"].has_no_news()
    exchange.wall.now_s -= 7200
    exchange.clock.turn(2)
    await phones["ana"].news("unanswered")


async def test_the_session_of_a_call_is_for_its_parties_only(
    accounts: Accounts, phones: dict[str, Phone]
) -> None:
    session_id = await answered(phones)
    assert await refused(enter(accounts["ben"], session_id)) == "not_in_call"
    token = await accounts["ana"].generate_token(session_id, await signed_in(accounts["ana"]))
    await phones["ana"].line.end(session_id)
    assert await refused(enter(accounts["ana"], session_id)) == "call_terminated"
    late = accounts["ana"].new_call()
    joining = late.join(token, MediaState(), False, lambda fact: None)
    assert await refused(joining) == "call_terminated"


async def test_without_an_account_nothing_rings(accounts: Accounts) -> None:
    line = accounts["ana"].new_line("one", "forged")
    with pytest.raises(TokenRefused):
        await line.initiate("door")
    facts: list[object] = []
    await line.listen(facts.append)
    assert [fact.is_final for fact in facts] == [True]  # type: ignore[attr-defined]
