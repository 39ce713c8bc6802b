"""What is taken back is gone within a second, in a running call too, whoever takes it back and where."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from device.errors import ExchangeError, TokenRefused
from device.exchange.client import ExchangeAccount
from device.exchange.client.line import LineDown
from device.exchange.server.administration import opened
from device.exchange.server.store import digest
from device.exchange.wire import API
from device.session.facts import PeerLeft, RemovedFromSession
from device.session.values import EndReason, MediaState
from tests.exchange.admins import make_admin, refused, request, thrown_out
from tests.exchange.conftest import PASSWORD, RunningExchange
from tests.exchange.members import enter, signed_in, until
from tests.exchange.phones import Phone, phone

Accounts = dict[str, ExchangeAccount]
Revoke = Callable[[RunningExchange, Accounts], Awaitable[None]]

WITHIN_S = 1.0
"""From when whoever took it back was told that it is done."""


def asked(method: str, path: str, **body: str) -> Revoke:
    """An admin asks the exchange for it."""

    async def revoke(exchange: RunningExchange, accounts: Accounts) -> None:
        answer = await request(exchange, accounts["fay"], method, path, body or None)
        assert answer.is_success, answer.text

    return revoke


def typed(*words: str) -> Revoke:
    """The command does it, from a process of its own, to the file of the running exchange."""

    async def revoke(exchange: RunningExchange, _: Accounts) -> None:
        command = (sys.executable, "-m", "device.cli.main", "exchange", "--data")
        process = await asyncio.create_subprocess_exec(
            *command, str(exchange.config.data_dir), *words, stdin=asyncio.subprocess.PIPE
        )
        await process.communicate(b"another password\n")
        assert process.returncode == 0

    return revoke


WAYS: dict[str, Revoke] = {
    "revoked": asked("POST", "/people/eve/revoke"),
    "removed": asked("DELETE", "/people/eve"),
    "another password": asked("PUT", "/people/eve", name="Eve", password="another password"),
    "an admin no longer": asked("PUT", "/people/eve", name="Eve", role="member"),
    "typed revoke": typed("revoke", "eve"),
    "typed remove-user": typed("remove-user", "eve"),
    "typed add-user": typed("add-user", "eve", "--replace"),
}


@asynccontextmanager
async def watching(exchange: RunningExchange, token: str) -> AsyncIterator[asyncio.Task[None]]:
    """Somebody reads the directory's events; done when there are no more."""
    begun = asyncio.Event()

    async def read() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient(base_url=exchange.url + API, trust_env=False) as http,
            http.stream("GET", "/directory/events", headers=headers, timeout=30) as answer,
        ):
            async for _ in answer.aiter_lines():
                begun.set()

    reading = asyncio.create_task(read())
    await begun.wait()
    try:
        yield reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


@pytest.mark.parametrize("way", WAYS)
async def test_it_is_gone_in_a_running_call(
    exchange: RunningExchange, accounts: Accounts, way: str
) -> None:
    for uid in ("fay", "eve"):
        await make_admin(exchange, uid)
    await signed_in(accounts["fay"])
    token = await signed_in(accounts["eve"])
    unused = await accounts["eve"].generate_token("attic", token)
    eve_in_hall, ben_in_hall = await enter(accounts["eve"]), await enter(accounts["ben"])
    async with (
        phone(accounts["ana"]) as ana,
        phone(accounts["eve"]) as eve,
        watching(exchange, token) as directory,
    ):
        call = await ana.line.initiate("eve")
        await eve.news("incoming")
        await eve.line.accept(call.session_id)
        await ana.news("accepted")
        ana_in_call = await enter(accounts["ana"], call.session_id)
        eve_in_call = await enter(accounts["eve"], call.session_id)

        await WAYS[way](exchange, accounts)
        async with asyncio.timeout(WITHIN_S):
            for member in (eve_in_hall, eve_in_call):
                assert (await member.next(RemovedFromSession)).reason is EndReason.REMOVED
            left = await ben_in_hall.next(PeerLeft)
            assert (left.uid, left.reason) == ("eve", EndReason.REMOVED)
            # A call of two is over for the other one.
            assert (await ana_in_call.next(RemovedFromSession)).reason is EndReason.REMOTE_END
            assert (await ana.news("ended")).status == "ended"
            await thrown_out(eve)
            while not directory.done():
                exchange.clock.turn(0.1)  # which paces what it tells
                await asyncio.sleep(0.05)

        for member in (eve_in_hall, eve_in_call):
            with pytest.raises(ExchangeError) as caught:
                await member.call.publish_state(MediaState(audio_muted=True))
            assert caught.value.code == "not_in_session"
        with pytest.raises(TokenRefused):
            await accounts["eve"].generate_token("attic", token)
        late = await request(exchange, None, "POST", "/join", {"token": unused.token})
        assert refused(late) == (401, "token_revoked")
        with pytest.raises(ExchangeError) as nobody:
            await ana.line.initiate("eve")
        assert nobody.value.code in ("callee_not_reachable", "callee_unknown")
        await ana.has_no_news()
    await ben_in_hall.call.leave()


async def test_who_is_revoked_may_sign_in_again_and_who_is_removed_may_not(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    await make_admin(exchange, "fay")
    old = await accounts["eve"].generate_token("hall", await signed_in(accounts["eve"]))
    await WAYS["revoked"](exchange, accounts)
    token = await accounts["eve"].sign_in()
    assert (await accounts["eve"].generate_token("hall", token)).token
    await WAYS["removed"](exchange, accounts)
    with pytest.raises(TokenRefused):
        await accounts["eve"].sign_in()
    # Another person under the same name does not bring back what the first one had.
    body = {"name": "Evelyn", "password": PASSWORD}
    await request(exchange, accounts["fay"], "PUT", "/people/eve", body)
    late = await request(exchange, None, "POST", "/join", {"token": old.token})
    assert refused(late) == (401, "token_revoked")


async def test_who_signs_out_hears_nothing_more_and_other_sign_ins_of_theirs_do(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    token = await signed_in(accounts["eve"])
    elsewhere = Phone(accounts["eve"].new_line("elsewhere", await accounts["eve"].sign_in()))
    copied = Phone(accounts["eve"].new_line("copied", token))
    async with phone(accounts["ana"]) as ana, phone(accounts["eve"]) as eve:
        for each in (elsewhere, copied):
            await each.plug_in()
        await until(lambda: exchange.clock.pending == 0)  # all of them listen
        async with watching(exchange, token) as directory:
            out = await request(exchange, accounts["eve"], "POST", "/sign-out")
            assert out.status_code == 204
            await ana.line.initiate("eve")
            await elsewhere.next_news("incoming")
            for each in (eve, copied):
                assert (await first_fact(each)).code == "auth_token_refused"
            async with asyncio.timeout(WITHIN_S):
                while not directory.done():
                    exchange.clock.turn(0.1)  # which paces what it tells
                    await asyncio.sleep(0.05)
        await elsewhere.unplug()


async def test_a_stream_that_nobody_interrupts_tells_nothing_either(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    """One that was opened at that moment, or by another process."""
    async with phone(accounts["ana"]) as ana, phone(accounts["eve"]) as eve:
        await until(lambda: exchange.clock.pending == 0)
        async with opened(exchange.config.data_dir) as store:
            await store.accounts.drop_auth_token(digest(await signed_in(accounts["eve"])))
        await ana.line.initiate("eve")
        assert (await first_fact(eve)).code == "auth_token_refused"


async def first_fact(each: Phone) -> ExchangeError:
    """Which has to be that its line is down for good."""
    async with asyncio.timeout(10):
        fact = await each.facts.get()
    assert isinstance(fact, LineDown), fact
    assert fact.is_final
    return fact.reason


@pytest.mark.parametrize("way", ["revoked", "typed revoke"])
async def test_nothing_rings_for_who_is_revoked_nor_by_them(
    exchange: RunningExchange, accounts: Accounts, way: str
) -> None:
    await make_admin(exchange, "fay")
    async with (
        phone(accounts["ana"]) as ana,
        phone(accounts["ben"]) as ben,
        phone(accounts["eve"]) as eve,
    ):
        by_eve = await eve.line.initiate("ana")
        to_eve = await ben.line.initiate("eve")
        assert (by_eve.status, to_eve.status) == ("initiated", "busy")
        await ana.news("incoming")
        await WAYS[way](exchange, accounts)
        assert (await ana.news("cancelled")).session_id == by_eve.session_id
        await thrown_out(eve)
    async with phone(accounts["ana"]) as ana:
        again = await accounts["eve"].sign_in()
        line = accounts["eve"].new_line("again", again)
        await line.register()
        to_eve = await ana.line.initiate("eve")
        await WAYS[way](exchange, accounts)
        assert (await ana.news("rejected")).session_id == to_eve.session_id
        await ana.has_no_news()


async def test_what_is_taken_back_while_no_exchange_runs_stays_so(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    eve, ben = await enter(accounts["eve"]), await enter(accounts["ben"])
    await exchange.stop()
    await typed("remove-user", "eve")(exchange, accounts)
    await exchange.start()
    left = await ben.next(PeerLeft)
    assert (left.uid, left.reason) == ("eve", EndReason.REMOVED)
    await eve.next(RemovedFromSession)
    await ben.call.leave()
